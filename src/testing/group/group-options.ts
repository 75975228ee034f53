/** What embeddedGroup takes, checked. */
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { Credentials } from "../../uri/endpoint.ts";
import type { MemberSettings, TestProtocol } from "../member/member-settings.ts";
import { PORTS_PER_CLAIM } from "./claimed-ports.ts";
import { createOwnCertificate } from "./own-certificate.ts";

/** What embeddedGroup() may be told. */
export interface EmbeddedGroupOptions {
  /** How many members share the store; 2 unless said, at most 7. */
  readonly members?: number | undefined;
  /** What the active member speaks; both unless said. */
  readonly protocols?: readonly TestProtocol[] | undefined;
  /** Members in this process: faster, but crash() is no SIGKILL and there is no pause(). False unless said. */
  readonly inProcess?: boolean | undefined;
  /** The members speak TLS only, with a certificate of their own: give clients `tls: { ca: group.ca }`. False unless said. */
  readonly tls?: boolean | undefined;
  /** What clients have to present. Without it the group takes any login, and none: no test of a wrong password fails there. */
  readonly credentials?: Credentials | undefined;
  /** Between having the store's lock and listening, in milliseconds; 0 unless said. */
  readonly takeoverDelayMs?: number | undefined;
  /** How often a standby asks for the lock, in milliseconds; 10 unless said, 2 in one process. */
  readonly lockPollMs?: number | undefined;
  /** Drop a second message with the same `_AMQ_DUPL_ID`, as Artemis; false, as Classic, unless said. */
  readonly duplicateDetection?: boolean | undefined;
  /** Where rejected messages go; `ActiveMQ.DLQ` unless said. */
  readonly deadLetterQueue?: string | undefined;
  /** Stored messages past which a send is refused; 1,000,000 unless said. */
  readonly maxMessages?: number | undefined;
  /** A larger message is refused; 100 MiB unless said. */
  readonly maxMessageBytes?: number | undefined;
  /** AMQP's idle-time-out as the members advertise it, in milliseconds; 15,000 unless said. STOMP's heart-beats are as the client asks. */
  readonly idleTimeoutMs?: number | undefined;
}

export interface GroupShape extends Omit<MemberSettings, "directory" | "lockPort" | "ports"> {
  readonly members: number;
  readonly protocols: readonly TestProtocol[];
  readonly inProcess: boolean;
  readonly tls: boolean;
}

/** @throws InvalidArgumentError */
export function readGroupOptions(options: EmbeddedGroupOptions): GroupShape {
  const shape: GroupShape = {
    members: 2,
    protocols: ["stomp", "amqp"],
    inProcess: false,
    tls: false,
    takeoverDelayMs: 0,
    lockPollMs: options.inProcess ? 2 : 10,
    duplicateDetection: false,
    deadLetterQueue: "ActiveMQ.DLQ",
    maxMessages: 1_000_000,
    maxMessageBytes: 100 * 1024 * 1024,
    idleTimeoutMs: 15_000,
    credentials: undefined,
    ...definedOf(options),
  };
  const { members, protocols } = shape;
  if (!Number.isInteger(members) || members < 1 || members * protocols.length + 1 > PORTS_PER_CLAIM) {
    throw new InvalidArgumentError(`members is a whole number from 1 to 7, not ${members}`);
  }
  const unknown = protocols.find((protocol) => protocol !== "stomp" && protocol !== "amqp");
  if (unknown !== undefined || protocols.length === 0 || new Set(protocols).size < protocols.length) {
    throw new InvalidArgumentError(`protocols lists "stomp", "amqp" or both, not ${JSON.stringify(protocols)}`);
  }
  if (typeof shape.tls !== "boolean")
    throw new InvalidArgumentError(
      `tls is true or false, not ${typeof shape.tls}: the group makes its own certificate`,
    );
  for (const name of ["takeoverDelayMs", "lockPollMs", "maxMessages", "maxMessageBytes", "idleTimeoutMs"] as const) {
    if (!Number.isFinite(shape[name]) || shape[name] < 0) {
      throw new InvalidArgumentError(`${name} is a number from 0 on, not ${shape[name]}`);
    }
  }
  return shape.tls ? { ...shape, certificate: createOwnCertificate() } : shape;
}

/** An option given as undefined is one not given. */
function definedOf(options: EmbeddedGroupOptions): Partial<GroupShape> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
