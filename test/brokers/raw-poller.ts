/**
 * The reference of the failover benchmark: it asks one endpoint every few milliseconds over a bare socket, and reports
 * when the endpoint first confirmed a persistent message. It has no library and no retry policy, so no client that must
 * find out when to ask can be much faster.
 */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Credentials } from "../../src/uri/endpoint.ts";
import type { Product, Protocol } from "./group-contract.ts";
import {
  ACCEPTED,
  AMQP_HEADER,
  durableTransfer,
  type Frame,
  openLink,
  PERFORMATIVE,
  SASL_HEADER,
  saslPlain,
  takeFrames,
} from "./raw-amqp.ts";
import { connectFrame } from "./stomp-probe.ts";

export interface PollSettings {
  readonly protocol: Protocol;
  readonly product: Product;
  readonly endpoint: { readonly host: string; readonly port: number };
  readonly credentials: Credentials;
  /** The name of a queue, as the broker knows it. */
  readonly destination: string;
  /**
   * How many subscriptions to make first, over STOMP: a client that restores as many cannot be faster; 0 by default.
   */
  readonly subscriptions?: number;
  /** The least time from the start of one try to the start of the next, in ms; 5 by default. */
  readonly everyMs?: number;
  readonly signal: AbortSignal;
}

/** Instants on this process's `performance.now()` clock. */
export interface FirstConfirmation {
  /** When the TCP connection was open over which the confirmation came. */
  readonly portOpenAtMs: number;
  /** When the broker's confirmation was read: STOMP's RECEIPT, AMQP's accepted. */
  readonly confirmedAtMs: number;
  readonly tries: number;
}

/** A try is given up if its port is open and the broker answers nothing for this long. */
const SILENT_TRY_MS = 2_000;
const BODY = Buffer.alloc(1_024, "x");

/** Reads what arrived, answers, and returns true once the message is confirmed; throws on anything unexpected. */
type Conversation = (chunk: Buffer, socket: Socket) => boolean;

/** Tries one after another until one is confirmed. Rejects only when `signal` fires, with the last try's failure. */
export async function pollFirstConfirmation(settings: PollSettings): Promise<FirstConfirmation> {
  const { everyMs = 5, signal } = settings;
  let lastFailure: unknown = "none was made";
  for (let tries = 1; !signal.aborted; tries += 1) {
    const startedAt = performance.now();
    try {
      return { ...(await tryOnce(settings)), tries };
    } catch (error) {
      if (error !== signal.reason) lastFailure = error;
    }
    const restMs = startedAt + everyMs - performance.now();
    if (restMs > 0) await sleep(restMs, undefined, { signal }).catch(() => {});
  }
  throw new Error(`Polling ended without a confirmation; the last try: ${lastFailure}`, { cause: signal.reason });
}

function tryOnce(settings: PollSettings): Promise<Omit<FirstConfirmation, "tries">> {
  const { endpoint, signal, protocol } = settings;
  return new Promise((resolve, reject) => {
    const socket = connect({ ...endpoint, noDelay: true });
    const converse = protocol === "stomp" ? stompConversation(settings) : amqpConversation(settings);
    let portOpenAtMs = Number.NaN;
    const end = (): void => {
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
    };
    const fail = (reason: unknown): void => {
      end();
      reject(reason);
    };
    const onAbort = (): void => fail(signal.reason);
    signal.addEventListener("abort", onAbort);
    socket.setTimeout(SILENT_TRY_MS, () => fail(new Error(`The broker was silent for ${SILENT_TRY_MS} ms`)));
    socket.on("connect", () => {
      portOpenAtMs = performance.now();
      socket.write(protocol === "stomp" ? connectFrame(settings.credentials) : amqpGreeting(settings.credentials));
    });
    socket.on("data", (chunk) => {
      try {
        if (!converse(chunk, socket)) return;
        resolve({ portOpenAtMs, confirmedAtMs: performance.now() });
        end();
      } catch (error) {
        fail(error);
      }
    });
    socket.on("error", fail);
    socket.on("close", () => fail(new Error("The broker closed the connection")));
  });
}

/** CONNECT, CONNECTED; then the SUBSCRIBEs and SEND in one write, and its RECEIPT. */
function stompConversation({ product, destination, subscriptions = 0 }: PollSettings): Conversation {
  const [before, kind] = product === "classic" ? ["/queue/", ""] : (["", "destination-type:ANYCAST\n"] as const);
  const subscribes = Array.from({ length: subscriptions }, (_, n) => {
    const where = `destination:${before}${destination}.${n}\n${kind.replace("destination", "subscription")}`;
    return `SUBSCRIBE\nid:${n}\n${where}ack:client-individual\nreceipt:s${n}\n\n\0`;
  });
  const send = `SEND\ndestination:${before}${destination}\n${kind}persistent:true\nreceipt:1\n\n${BODY}\0`;
  let received = "";
  return (chunk, socket) => {
    received += chunk.toString("latin1");
    for (let end = received.indexOf("\0"); end >= 0; end = received.indexOf("\0")) {
      const frame = received.slice(0, end).trimStart();
      received = received.slice(end + 1);
      if (frame.startsWith("RECEIPT")) {
        if (/^receipt-id:1$/m.test(frame)) return true;
        continue;
      }
      if (!frame.startsWith("CONNECTED")) throw new Error(`The broker answered ${JSON.stringify(frame.slice(0, 200))}`);
      socket.write([...subscribes, send].join(""));
    }
    return false;
  };
}

function amqpGreeting({ username, password }: Credentials): Buffer {
  return Buffer.concat([SASL_HEADER, saslPlain(username, password)]);
}

/** SASL PLAIN and its outcome; open, begin and attach in one write; the transfer after credit; its disposition. */
function amqpConversation({ product, destination }: PollSettings): Conversation {
  const address = product === "classic" ? `queue://${destination}` : destination;
  const capability = product === "classic" ? undefined : "queue";
  // Each try uses its own container id, because Classic refuses one that it takes to be still connected.
  const container = `poller-${process.pid}-${Math.random().toString(36).slice(2)}`;
  let unread = Buffer.alloc(0);
  let sent = false;
  return (chunk, socket) => {
    const { frames, rest } = takeFrames(Buffer.concat([unread, chunk]));
    unread = Buffer.from(rest);
    for (const frame of frames) {
      if (isLoggedIn(frame)) socket.write(Buffer.concat([AMQP_HEADER, openLink(container, address, capability)]));
      if (isCredit(frame) && !sent) {
        socket.write(durableTransfer(BODY));
        sent = true;
      }
      if (isAccepted(frame)) return true;
    }
    return false;
  };
}

function isLoggedIn({ code, fields }: Frame): boolean {
  if (code !== PERFORMATIVE.saslOutcome) return false;
  if (fields[0] !== 0) throw new Error(`The broker answered the login with SASL outcome ${String(fields[0])}`);
  return true;
}

/** Whether this is a flow of our link (handle, field 4) with credit (field 6). */
function isCredit({ code, fields }: Frame): boolean {
  const credit = fields[6];
  return code === PERFORMATIVE.flow && fields[4] === 0 && typeof credit === "number" && credit > 0;
}

/**
 * Whether this is the receiver's disposition (role true) with the state accepted (field 4); any other state is
 * unexpected.
 */
function isAccepted({ code, fields }: Frame): boolean {
  if (code !== PERFORMATIVE.disposition) return false;
  const state = fields[4];
  if (typeof state === "object" && state.described === ACCEPTED) return true;
  throw new Error(`The broker settled the message with ${JSON.stringify(state)}`);
}
