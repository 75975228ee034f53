/**
 * Prints the life of every connection to stderr if NODE_DEBUG=masterslave-transport is set. It prints what the events
 * contain, and their texts hold no secret.
 */
import { debuglog } from "node:util";
import type { OnEmit } from "../async/isolated-emitter.ts";
import { formatAddress, type MasterSlaveError } from "../errors/errors.ts";
import { printable } from "../errors/printable.ts";
import type { Session } from "./dial/session.ts";
import type { Interruption, TransportEvents, Waiting } from "./transport-events.ts";

const log = debuglog("masterslave-transport");

/** Numbers the connections and transports of this process, so that their lines can be told apart. */
let made = 0;

/** What is printed after the name of each event. */
export type DebugLines<Events> = {
  readonly [Name in keyof Events]: (...payload: Extract<Events[Name], unknown[]>) => string;
};

/**
 * Returns a listener that prints each event of one emitter, called `what`. It costs nothing unless NODE_DEBUG asks for
 * it.
 */
export function debugEvents<Events extends object>(what: string, lines: DebugLines<Events>): OnEmit<Events> {
  const name = `${what} ${++made}`;
  return (event, payload) => {
    if (!log.enabled) return;
    const line = lines[event as keyof Events] as (...of: unknown[]) => string;
    // Names of destinations and ids of messages are texts of peers.
    log("%s %s: %s", name, String(event), printable(line(...(payload as unknown[]))));
  };
}

/** The lines for the events of a transport, which a connection emits too. */
export const TRANSPORT_LINES: DebugLines<TransportEvents<Session>> = {
  established: ({ endpoint }) => formatAddress(endpoint),
  interrupted: ({ endpoint, cause }: Interruption) => `${formatAddress(endpoint)}: ${described(cause)}`,
  restored: ({ endpoint, outageMs }) => `${formatAddress(endpoint)}, after ${outageMs.toFixed(0)} ms`,
  waiting: describeWaiting,
  failed: described,
  closed: (failure) => (failure ? described(failure) : "by close()"),
  attempt: ({ endpoint, outcome }) =>
    `${formatAddress(endpoint)}: ${outcome === "session" ? "a session" : described(outcome)}`,
};

function described({ code, message }: Pick<MasterSlaveError, "code" | "message">): string {
  return `${code} ${message}`;
}

function describeWaiting({ waitedMs, rounds, endpoints }: Waiting): string {
  const lines = endpoints.map(({ endpoint, code, message, attempts, pending, since }) => {
    const tried = `tried ${attempts} times${pending ? ", now too" : ""}`;
    const when = since ? ` since ${since.toISOString()}` : "";
    return `\n  ${formatAddress(endpoint)}: ${code}${when} (${tried}): ${message}`;
  });
  return `for ${(waitedMs / 1000).toFixed(0)} s, ${rounds} rounds failed${lines.join("")}`;
}
