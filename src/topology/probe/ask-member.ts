/** Asks one member for its state by connecting as a client does: only an active member finishes the handshake. */
import { connect as dial } from "node:net";
import { createConnection } from "../../connect/connect.ts";
import type { CredentialsSource } from "../../connect/credentials.ts";
import { type AttemptError, type ErrorCode, MasterSlaveError } from "../../errors/errors.ts";
import type { Connection } from "../../messaging/connection/connection.ts";
import type { TlsSource } from "../../transport/tls/tls-options.ts";
import type { Member, PortName } from "../description/topology.ts";
import { SCHEMES } from "../network/network.ts";
import { bracketed } from "../plan/plan-topology.ts";
import type { MemberState } from "../simulate/simulate-topology.ts";

/** The answer of one member, or the meaning of its silence. */
export interface MemberAnswer {
  /**
   * `active`: it finished the handshake, or refused the login. `standby`: its host refuses the connection, as for a
   * member that waits for the lock, and for one whose process has ended. `down`: no answer.
   */
  readonly state: MemberState;
  /** The product that the broker named: `activemq`, `artemis` or another; undefined for members that are not active. */
  readonly product?: string | undefined;
  /** The version that the broker named. */
  readonly version?: string | undefined;
  /** The brokerName in its advisories; undefined if they were not asked for, or if the broker sent none. */
  readonly brokerName?: string | undefined;
  /** Why the member is in this `state`; undefined for an active one that accepted the login. */
  readonly reason?: string | undefined;
  /** Whether the login was refused. */
  readonly loginRefused?: boolean | undefined;
}

/** How to ask members. */
export interface AskOptions {
  /** The longest wait for one member, in ms; 3,000 when left out. */
  readonly timeoutMs?: number | undefined;
  /** The login, the same for every member; none when left out. */
  readonly credentials?: CredentialsSource | undefined;
  /** TLS options, for members with amqps or stomp+ssl ports. */
  readonly tls?: TlsSource | undefined;
  /** Ends the probe when it fires. */
  readonly signal?: AbortSignal | undefined;
}

/** The default of `timeoutMs`. */
export const ASK_TIMEOUT_MS = 3_000;
/** AMQP first: over it Classic reports its connectors without the libraries that advisories need over STOMP. */
const PROTOCOLS: readonly PortName[] = ["amqp", "stomp", "amqps", "stomp+ssl"];

/** What the failure of an attempt says about the member. For other failures its state is unknown. */
const MEANINGS: Partial<Record<ErrorCode, MemberState>> = {
  ENDPOINT_REFUSED: "standby",
  ENDPOINT_UNREACHABLE: "down",
  ATTEMPT_TIMEOUT: "down",
  CONNECT_TIMEOUT: "down",
  AUTHENTICATION_FAILED: "active",
};

/**
 * Resolves with the member's state; `use` gets the open connection of an active one, which is closed afterwards.
 * Rejects only when `signal` fires, or with what `use` throws.
 */
export async function askMember(
  member: Member,
  address: string,
  options: AskOptions,
  use: (connection: Connection) => Promise<{ readonly brokerName?: string | undefined } | undefined> = async () =>
    undefined,
): Promise<MemberAnswer> {
  const { timeoutMs = ASK_TIMEOUT_MS, credentials, tls, signal } = options;
  const protocol = PROTOCOLS.find((name) => member.ports[name] !== undefined);
  if (!protocol) return askByTcp(member, address, timeoutMs);
  const isSecure = protocol === "amqps" || protocol === "stomp+ssl";
  const connection = createConnection(`${SCHEMES[protocol]}://${bracketed(address)}:${member.ports[protocol]}`, {
    initialConnect: "fail-fast",
    connectTimeoutMs: timeoutMs,
    attemptTimeout: timeoutMs,
    credentials,
    ...(isSecure && { tls }),
  });
  try {
    await connection.connect(signal ? { signal } : {});
  } catch (reason) {
    signal?.throwIfAborted();
    return answerOf(MasterSlaveError.from(reason));
  }
  try {
    const { product, version } = connection.broker ?? {};
    return { state: "active", product, version, ...(await use(connection)) };
  } finally {
    await connection.close({ drainTimeoutMs: 0 });
  }
}

function answerOf(error: MasterSlaveError): MemberAnswer {
  const { attempts = [] } = error as { readonly attempts?: readonly AttemptError[] };
  const { code, message } = attempts[0] ?? error;
  const answer: MemberAnswer = { state: MEANINGS[code] ?? "unknown", reason: message };
  return code === "AUTHENTICATION_FAILED" ? { ...answer, loginRefused: true } : answer;
}

/**
 * For members that speak neither STOMP nor AMQP: a standby has no open port, so an open port means an active member.
 */
function askByTcp({ ports }: Member, host: string, timeoutMs: number): Promise<MemberAnswer> {
  const port = Object.values(ports)[0];
  if (port === undefined) return Promise.resolve({ state: "unknown", reason: "The description has no port of it" });
  return new Promise((resolve) => {
    const socket = dial({ host, port, timeout: timeoutMs });
    const finish = (answer: MemberAnswer) => {
      socket.destroy();
      resolve(answer);
    };
    const where = `${bracketed(host)}:${port}`;
    socket
      .once("connect", () => finish({ state: "active", reason: `${where} is open; nothing more was asked` }))
      .once("timeout", () => finish({ state: "down", reason: `${where} did not answer within ${timeoutMs} ms` }))
      .once("error", (error: NodeJS.ErrnoException) => {
        const state = {
          ECONNREFUSED: "standby",
          EHOSTUNREACH: "down",
          ENETUNREACH: "down",
          ETIMEDOUT: "down",
        } as const;
        finish({ state: state[error.code as keyof typeof state] ?? "unknown", reason: `${where}: ${error.message}` });
      });
  });
}
