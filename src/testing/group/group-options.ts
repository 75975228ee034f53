/** Checks the options of embeddedGroup(). */
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { Credentials } from "../../uri/endpoint.ts";
import type { MemberSettings, TestProtocol } from "../member/member-settings.ts";
import { PORTS_PER_CLAIM } from "./claimed-ports.ts";
import { createOwnCertificate } from "./own-certificate.ts";

/** The options of embeddedGroup(). */
export interface EmbeddedGroupOptions {
  /** How many members share the store; 2 by default, at most 7. */
  readonly members?: number | undefined;
  /** The protocols of the active member; both by default. */
  readonly protocols?: readonly TestProtocol[] | undefined;
  /** Runs members in this process: faster, but crash() is no SIGKILL and there is no pause(). False by default. */
  readonly inProcess?: boolean | undefined;
  /**
   * The members speak only TLS, with a certificate of their own: give clients `tls: { ca: group.ca }`. False by
   * default.
   */
  readonly tls?: boolean | undefined;
  /** What clients have to present. Without it the group takes any login, and none: no test of a wrong password fails there. */
  readonly credentials?: Credentials | undefined;
  /** The time between getting the store's lock and listening, in ms; 0 by default. */
  readonly takeoverDelayMs?: number | undefined;
  /** How often a standby tries to get the lock, in ms; by default 10, or 2 in one process. */
  readonly lockPollMs?: number | undefined;
  /** Drops a second message with the same `_AMQ_DUPL_ID`, as Artemis does; by default false, as on Classic. */
  readonly duplicateDetection?: boolean | undefined;
  /** The queue for rejected messages; `ActiveMQ.DLQ` by default. */
  readonly deadLetterQueue?: string | undefined;
  /** The number of stored messages beyond which sends are refused; 1,000,000 by default. */
  readonly maxMessages?: number | undefined;
  /** The size beyond which a message is refused, in bytes; 100 MiB by default. */
  readonly maxMessageBytes?: number | undefined;
  /**
   * AMQP's idle-time-out that the members announce, in ms; 15,000 by default. The client chooses STOMP's heart-beats.
   */
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

/** An option given as undefined counts as not given. */
function definedOf(options: EmbeddedGroupOptions): Partial<GroupShape> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
