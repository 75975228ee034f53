/**
 * SASL and open over a connected socket, with a rhea connection that never reconnects, uses no timers of its own and
 * never writes to the console.
 */
import { randomUUID } from "node:crypto";
import rhea, { type Connection, type EventContext } from "rhea";
import { MasterSlaveError } from "../../../errors/errors.ts";
import type { AdapterSettings } from "../../../messaging/port/adapter-settings.ts";
import type { Login } from "../../../messaging/port/login.ts";
import type { EndpointSocket } from "../../../transport/socket/endpoint-socket.ts";
import type { Endpoint } from "../../../uri/endpoint.ts";
import { redactingCredentials } from "../../shared/redact-credentials.ts";
import { leaveIdleCheckToSocket } from "../rhea/idle-frames.ts";
import { type OpenProperties, offeredCapabilities } from "../rhea/open-properties.ts";
import { patchConnection } from "../rhea/patch-connection.ts";
import { MAX_FRAME_SIZE } from "../rhea/peer-limits.ts";
import type { ConnectionEnding } from "../sasl/connection-ending.ts";
import { governSasl, type SaslTerms } from "../sasl/sasl-dialogue.ts";
import { alternateOf, alternatesOf } from "./alternates.ts";
import { CLOSE_CONDITIONS } from "./failure-table.ts";
import { attemptFailure } from "./failures.ts";

/** An open connection, and how to learn of its end. */
export interface OpenConnection {
  readonly connection: Connection;
  readonly properties: OpenProperties;
  /** The capabilities that the peer offered in its open frame. */
  readonly offers: ReadonlySet<string>;
  /** Redacts this connection's credentials in a text of the broker. */
  readonly redact: (text: string) => string;
  /** Calls `listener` at the first event that ends the connection; at once if it has happened already. */
  onEnding(listener: (ending: ConnectionEnding) => void): void;
}

type HandshakeSettings = Pick<AdapterSettings, "clientId" | "heartbeatMs" | "onAlternates" | "saslMechanisms">;

/** Artemis sends an open frame before it refuses, and marks it with this property. */
const ESTABLISHMENT_FAILED = "amqp:connection-establishment-failed";

/**
 * Sends the first bytes. Resolves when the peer has opened; rejects with an AttemptError, or with the signal's reason,
 * and then has destroyed the socket.
 */
export function handshake(
  socket: EndpointSocket,
  login: Login | undefined,
  settings: HandshakeSettings,
  signal: AbortSignal,
): Promise<OpenConnection> {
  const { endpoint } = socket;
  return new Promise((resolve, reject) => {
    const connection = createConnection(socket, settings);
    const redact = redactingCredentials(login);
    const ends = watchEnding(connection, socket, redact);
    const settle = (outcome: () => void) => {
      signal.removeEventListener("abort", onAbort);
      outcome();
    };
    const fail = (error: MasterSlaveError) =>
      settle(() => {
        socket.destroy(error);
        reject(error);
      });
    const onAbort = () => fail(MasterSlaveError.from(signal.reason, endpoint));
    signal.addEventListener("abort", onAbort, { once: true });
    ends.listen((ending) => {
      const failure = attemptFailure(endpoint, ending, socket.firstBytes);
      fail(tellAlternates(connection, endpoint, settings) ?? failure);
    });
    connection.once("connection_open", () => {
      const properties: OpenProperties = connection.properties ?? {};
      if (properties[ESTABLISHMENT_FAILED] === true) return;
      const offers = offeredCapabilities(connection);
      // A refusal that came in the same bytes as the open is read first.
      queueMicrotask(() => {
        if (ends.ending || signal.aborted) return;
        const mistake = tellAlternates(connection, endpoint, settings);
        if (mistake) fail(mistake);
        else settle(() => resolve({ connection, properties, offers, redact, onEnding: ends.listen }));
      });
    });
    if (signal.aborted) onAbort();
    else if (socket.destroyed) ends.end({ kind: "socket", error: socket.errored ?? undefined });
    else {
      const isOver = () => ends.ending !== undefined || signal.aborted;
      speak(connection, { login, allowed: settings.saslMechanisms, redact, end: ends.end, isOver });
    }
  });
}

/** A connection on a container of its own, so that unhandled events stay there, silently. */
function createConnection(socket: EndpointSocket, { clientId, heartbeatMs }: HandshakeSettings): Connection {
  const { host, port } = socket.endpoint;
  const id = clientId ?? `masterslave-${randomUUID()}`;
  const container = rhea.create_container({ id });
  for (const event of TERMINAL_EVENTS) container.on(event, () => {});
  const options = {
    host,
    port,
    hostname: host,
    container_id: id,
    reconnect: false,
    tcp_no_delay: true,
    // Larger messages travel in several frames; by default rhea announces no limit.
    max_frame_size: MAX_FRAME_SIZE,
    // Forces a SASL layer for every login: without it rhea leaves it out, and Classic refuses. Its mechanisms are
    // chosen when the broker's offer comes.
    sasl_mechanisms: {},
    connection_details: () => ({ host, port, connect: handOut(socket) }),
    ...(heartbeatMs > 0 && { idle_time_out: heartbeatMs }),
  };
  const connection = container.create_connection(options);
  patchConnection(connection);
  leaveIdleCheckToSocket(connection);
  return connection;
}

/** rhea calls this instead of net.connect; our socket is connected already. */
function handOut(socket: EndpointSocket) {
  return (_port: number, _host: string, _options: unknown, connected: () => void): EndpointSocket => {
    process.nextTick(connected);
    return socket;
  };
}

/** The events by which rhea reports the end of a connection; without a listener it prints or throws. */
const TERMINAL_EVENTS = ["error", "protocol_error", "connection_error", "connection_close", "disconnected"] as const;

interface EndingWatch {
  readonly ending: ConnectionEnding | undefined;
  readonly end: (ending: ConnectionEnding) => void;
  readonly listen: (listener: (ending: ConnectionEnding) => void) => void;
}

/** Reports the first event that ends a connection; later ones are dropped. */
function watchEnding(connection: Connection, socket: EndpointSocket, redact: (text: string) => string): EndingWatch {
  let ending: ConnectionEnding | undefined;
  let told: ((ending: ConnectionEnding) => void) | undefined;
  const end = (found: ConnectionEnding) => {
    if (ending) return;
    ending = found;
    told?.(found);
  };
  const onClose = (context: EventContext) => end(closeOf(connection, context, redact));
  connection.on("connection_error", onClose);
  connection.on("connection_close", onClose);
  connection.on("protocol_error", (error: Error) => end({ kind: "protocol", error }));
  connection.on("error", (error: Error) => end({ kind: "protocol", error }));
  connection.on("disconnected", ({ error }: EventContext) => end({ kind: "socket", error }));
  // rhea does not notice that a socket was destroyed.
  socket.once("close", () => end({ kind: "socket", error: socket.errored ?? undefined }));
  return {
    get ending() {
      return ending;
    },
    end,
    listen(listener) {
      told = listener;
      if (ending) listener(ending);
    },
  };
}

function closeOf(connection: Connection, context: EventContext, redact: (text: string) => string): ConnectionEnding {
  const { error } = connection;
  if (error && "condition" in error) {
    const { condition, description, info } = error;
    const field: unknown = info?.["invalid-field"];
    return {
      kind: "close",
      condition: condition ? concealUnknown(condition, redact) : undefined,
      description: description && redact(description),
      field: typeof field === "string" ? field : undefined,
    };
  }
  if (context.error) return { kind: "protocol", error: context.error };
  return { kind: "close", condition: undefined, description: undefined };
}

/** Known conditions are kept, because the user may be called "amqp". */
function concealUnknown(condition: string, redact: (text: string) => string): string {
  return Object.hasOwn(CLOSE_CONDITIONS, condition) ? condition : redact(condition);
}

function speak(connection: Connection, terms: SaslTerms): void {
  try {
    connection.connect();
    governSasl(connection, terms);
  } catch (error) {
    terms.end({ kind: "protocol", error: error instanceof Error ? error : new Error(String(error)) });
  }
}

/**
 * Reports the endpoints that the peer named in its open frame or a redirect. Returns what the listener threw, because
 * nobody above could catch it.
 */
export function tellAlternates(
  connection: Connection,
  endpoint: Endpoint,
  { onAlternates }: Pick<AdapterSettings, "onAlternates">,
): MasterSlaveError | undefined {
  const { error, properties } = connection;
  const redirected = error && "condition" in error && error.condition === "amqp:connection:redirect";
  const target = redirected ? alternateOf(error.info, endpoint) : undefined;
  const found = [...(target ? [target] : []), ...alternatesOf(properties?.["failover-server-list"], endpoint)];
  try {
    if (found.length > 0) onAlternates?.(found);
    return undefined;
  } catch (cause) {
    return MasterSlaveError.from(cause, endpoint);
  }
}
