/** Peers for the AMQP adapter's tests: raw bytes step by step, or rhea's listening side; real sockets on free ports. */
import { once } from "node:events";
import { createRequire } from "node:module";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import rhea, { type Connection, type Container } from "rhea";
import { onTestFinished } from "vitest";
import { openAmqpSession } from "../../../../src/adapters/amqp/open-session.ts";
import { ConnectionClosedError } from "../../../../src/errors/errors.ts";
import { type Destination, parseDestination } from "../../../../src/messaging/messages/destination.ts";
import {
  createOutgoingMessage,
  type MessageBody,
  type MessageOptions,
} from "../../../../src/messaging/messages/outgoing-message.ts";
import type { AdapterSettings } from "../../../../src/messaging/port/adapter-settings.ts";
import type {
  IncomingDelivery,
  MessagingSession,
  OutgoingSend,
  SendOutcome,
  SubscriptionSink,
} from "../../../../src/messaging/port/messaging-session.ts";
import type { OpenContext } from "../../../../src/transport/dial/session.ts";
import type { Endpoint } from "../../../../src/uri/endpoint.ts";

interface Frames {
  readonly open: (fields: object) => object;
  readonly close: (fields: object) => object;
  readonly sasl_mechanisms: (fields: object) => object;
  readonly sasl_outcome: (fields: object) => object;
  readonly sasl_challenge: (fields: object) => object;
  readonly amqp_frame: (channel: number, performative: object) => object;
  readonly sasl_frame: (performative: object) => object;
  readonly write_frame: (frame: object) => Buffer;
}

const frames: Frames = createRequire(import.meta.url)("rhea/lib/frames.js");

/** Frames a scripted peer sends. */
export const wire = {
  saslHeader: Buffer.from("AMQP\u0003\u0001\u0000\u0000", "latin1"),
  amqpHeader: Buffer.from("AMQP\u0000\u0001\u0000\u0000", "latin1"),
  mechanisms: (...names: string[]) =>
    frames.write_frame(frames.sasl_frame(frames.sasl_mechanisms({ sasl_server_mechanisms: names }))),
  challenge: (text: string) =>
    frames.write_frame(frames.sasl_frame(frames.sasl_challenge({ challenge: Buffer.from(text) }))),
  outcome: (code: number) => frames.write_frame(frames.sasl_frame(frames.sasl_outcome({ code }))),
  open: (fields: object = {}) =>
    frames.write_frame(frames.amqp_frame(0, frames.open({ container_id: "peer", ...fields }))),
  close: (error?: object) => frames.write_frame(frames.amqp_frame(0, frames.close(error ? { error } : {}))),
};

export interface Peer {
  readonly endpoint: Endpoint;
  readonly sockets: Socket[];
  /** Told of each socket before anything is read from it. */
  onSocket(listener: (socket: Socket) => void): void;
  close(): Promise<void>;
}

/** A peer that is bytes alone. Closed when the test is done. */
export async function rawPeer(onSocket: (socket: Socket) => void): Promise<Peer> {
  return listening(createServer({ noDelay: true }, onSocket));
}

/** Answers the n-th chunk it receives with the n-th entry; `undefined` says nothing, `"end"` closes, `"reset"` resets. */
export function scriptedPeer(...script: readonly (Buffer | "end" | "reset" | undefined)[]): Promise<Peer> {
  return rawPeer((socket) => {
    let step = 0;
    socket.on("data", () => {
      const answer = script[step++];
      if (answer === "end") socket.end();
      else if (answer === "reset") socket.resetAndDestroy();
      else if (answer) socket.write(answer);
    });
  });
}

/** SASL PLAIN and ANONYMOUS granted; then `afterOpen` in answer to our header and open. */
export function openingPeer(...afterOpen: readonly Buffer[]): Promise<Peer> {
  return scriptedPeer(
    Buffer.concat([wire.saslHeader, wire.mechanisms("PLAIN", "ANONYMOUS")]),
    wire.outcome(0),
    Buffer.concat([wire.amqpHeader, ...afterOpen]),
  );
}

export interface RheaPeer extends Peer {
  readonly container: Container;
  readonly connections: Connection[];
}

/** rhea's listening side as the broker: handlers go on `container` before the client comes. */
export async function rheaPeer(options: object = {}): Promise<RheaPeer> {
  const container = rhea.create_container({ id: "peer" });
  const connections: Connection[] = [];
  container.on("connection_open", ({ connection }) => connections.push(connection));
  for (const event of ["disconnected", "error", "protocol_error", "connection_error", "connection_close"]) {
    container.on(event, () => {});
  }
  const settings = { port: 0, host: "127.0.0.1", reconnect: false, noDelay: true, ...options };
  return { ...(await listening(container.listen(settings))), container, connections };
}

/** A peer that calls itself a product and grants `credit` to every sender. */
export async function brokerPeer(product: string, credit = 1000, options: object = {}): Promise<RheaPeer> {
  const peer = await rheaPeer({
    properties: { product, version: "1.2.3" },
    receiver_options: { credit_window: credit },
    session_buffer_size: { outgoing: 16_384 },
    ...options,
  });
  peer.container.on("sender_open", ({ sender }) => echoTermini(sender));
  peer.container.on("receiver_open", ({ receiver }) => echoTermini(receiver));
  return peer;
}

/** What brokers do and rhea's listening side leaves to its user: name source and target in the answer. */
export function echoTermini(link: {
  source: object;
  target: object;
  set_source(t: object): void;
  set_target(t: object): void;
}) {
  const fieldsOf = (terminus: object) => JSON.parse(JSON.stringify(terminus ?? {}));
  link.set_source({ ...fieldsOf(link.source), filter: (link.source as { filter?: object }).filter });
  link.set_target(fieldsOf(link.target));
}

async function listening(server: Server): Promise<Peer> {
  const sockets: Socket[] = [];
  server.on("connection", (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    // A socket that nobody reads never learns of the other side's end.
    socket.resume();
  });
  if (!server.listening) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  const { port } = server.address() as AddressInfo;
  const onSocket = (listener: (socket: Socket) => void) => void server.on("connection", listener);
  return { endpoint: { scheme: "amqp", host: "127.0.0.1", port, options: {} }, sockets, onSocket, close };
}

export const SETTINGS: AdapterSettings = {
  credentials: () => undefined,
  clientId: undefined,
  heartbeatMs: 0,
  tls: undefined,
  deadLetterDestination: { kind: "queue", name: "DLQ" },
  releaseWaitMs: 1000,
  onWarning: () => {},
};

export const LOGIN = { username: "ada", password: "pässwörd€" };

export function contextOf(signal = new AbortController().signal): OpenContext {
  return { signal, turn: () => Promise.resolve() };
}

/** A session on the peer; destroyed when the test is done. */
export async function openOn(
  { endpoint }: { readonly endpoint: Endpoint },
  settings: Partial<AdapterSettings> = {},
  context = contextOf(),
): Promise<MessagingSession> {
  const session = await openAmqpSession({ ...SETTINGS, ...settings })(endpoint, context);
  onTestFinished(() => session.destroy(new ConnectionClosedError("The test is done")));
  return session;
}

/** The error an attempt at the peer ends with. */
export async function failureOf(
  { endpoint }: { readonly endpoint: Endpoint },
  settings: Partial<AdapterSettings> = {},
  context = contextOf(),
): Promise<unknown> {
  return openAmqpSession({ ...SETTINGS, ...settings })(endpoint, context).then(
    () => "a session",
    (error: unknown) => error,
  );
}

/** A send that remembers what became of it. */
export interface RecordedSend extends OutgoingSend {
  abandoned: boolean;
  inDoubt: boolean;
  readonly written: boolean;
  readonly outcome: Promise<SendOutcome>;
}

export function recordedSend(to: string | Destination, body: MessageBody, options: MessageOptions = {}): RecordedSend {
  let resolve: (outcome: SendOutcome) => void = () => {};
  const outcome = new Promise<SendOutcome>((resolved) => {
    resolve = resolved;
  });
  let written = false;
  return {
    destination: typeof to === "string" ? parseDestination(to) : to,
    message: createOutgoingMessage(body, options),
    abandoned: false,
    inDoubt: false,
    encoded: undefined,
    get written() {
      return written;
    },
    onWritten() {
      written = true;
    },
    onOutcome: resolve,
    outcome,
  };
}

/** A sink whose deliveries can be awaited one by one. */
export interface RecordedSink extends SubscriptionSink {
  readonly deliveries: IncomingDelivery[];
  /** How often all was given back at once; AMQP settles singly and never does. */
  readonly givenBack: number;
  /** With the address of the temporary queue, if it is one. */
  readonly ready: Promise<Destination | undefined>;
  readonly browsed: Promise<void>;
  readonly refused: Promise<unknown>;
  delivered(count: number): Promise<void>;
}

export function recordedSink(): RecordedSink {
  const deliveries: IncomingDelivery[] = [];
  let givenBack = 0;
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  let onReady: (address?: Destination) => void = () => {};
  let onBrowsed = () => {};
  let onRefused: (error: unknown) => void = () => {};
  const ready = new Promise<Destination | undefined>((resolve) => {
    onReady = resolve;
  });
  const browsed = new Promise<void>((resolve) => {
    onBrowsed = resolve;
  });
  const refused = new Promise<unknown>((resolve) => {
    onRefused = resolve;
  });
  return {
    deliveries,
    ready,
    browsed,
    refused,
    onReady,
    onBrowsed,
    onReleasing: (idle) => idle(),
    onRefused,
    get givenBack() {
      return givenBack;
    },
    onGivenBack() {
      givenBack += 1;
    },
    onDelivery(delivery) {
      deliveries.push(delivery);
      for (const { count, resolve } of waiting) if (deliveries.length >= count) resolve();
    },
    delivered: (count) =>
      new Promise((resolve) => {
        if (deliveries.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
  };
}

/** Until the condition holds; the test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** How many timers are armed; compare with what it was before. */
export function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
}
