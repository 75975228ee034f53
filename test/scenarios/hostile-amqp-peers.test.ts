/** AMQP peers that break rules which rhea leaves unchecked: nothing freezes, nothing grows, nothing is thrown from the event loop or told on the console. */
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import rhea, { type Connection as RheaConnection, type Session } from "rhea";
import { describe, expect, it } from "vitest";
import type { ConnectionOptions } from "../../src/connect/connect-options.ts";
import type { NoActiveEndpointError } from "../../src/errors/errors.ts";
import { forbidProcessTrouble } from "../support/process-trouble.ts";
import { next, storyConnection } from "../support/stories.ts";
import { rejectionOf } from "../support/toy-connection.ts";
import {
  brokerPeer,
  echoTermini,
  openingPeer,
  type Peer,
  type RheaPeer,
  rawPeer,
  rheaPeer,
  wire,
} from "../unit/adapters/amqp/scripted-peer.ts";

forbidProcessTrouble();

type Compose = (fields: object) => object;
const frames: Readonly<Record<"begin" | "disposition" | "flow" | "transfer", Compose>> = createRequire(import.meta.url)(
  "rhea/lib/frames.js",
);

const outcomes = rhea.message as unknown as { accepted(): { described(): object } };
const accepted = { settled: true, state: outcomes.accepted().described() };

/** A frame past all that rhea would check on the peer's side. */
function write(connection: RheaConnection, channel: number, performative: object, payload?: Buffer): void {
  const raw = connection as unknown as { _write_frame(channel: number, performative: object, payload?: Buffer): void };
  raw._write_frame(channel, performative, payload);
}

/** The one that the other side began. */
function sessionOf(connection: RheaConnection) {
  const { remote_channel_map: sessions } = connection as unknown as { remote_channel_map: Record<number, Session> };
  return sessions[0] as Session;
}

function connectionTo({ endpoint }: Peer, options: ConnectionOptions = {}) {
  return storyConnection(`amqp://127.0.0.1:${endpoint.port}`, options);
}

/** A peer that takes messages, and leaves every answer to the test. */
async function takingPeer(): Promise<RheaPeer> {
  const peer = await rheaPeer({ receiver_options: { credit_window: 5_000, autoaccept: false } });
  peer.container.on("receiver_open", ({ receiver }) => echoTermini(receiver));
  return peer;
}

/** A peer that answers the first message sent to it by `answer` alone, and confirms the others. */
async function answeringFirst(answer: (connection: RheaConnection) => void): Promise<Peer> {
  const peer = await takingPeer();
  let answered = false;
  peer.container.on("message", ({ connection, delivery }) => {
    if (answered) delivery.accept();
    else answer(connection);
    answered = true;
  });
  return peer;
}

/** A peer that sends transfers as it likes, once, to the first who grants it credit. */
async function flooding(transfers: (handle: number) => readonly object[]): Promise<Peer> {
  const peer = await brokerPeer("toy");
  let flooded = false;
  peer.container.on("sender_flow", ({ connection, sender }) => {
    if (flooded) return;
    flooded = true;
    const { handle } = (sender as unknown as { local: { handle: number } }).local;
    const body = rhea.message.encode({ body: "one" });
    for (const transfer of transfers(handle)) write(connection, 0, transfer, body);
  });
  return peer;
}

describe("the handshake", () => {
  it("refuses a peer whose frames are too small to cut a message into", async () => {
    const peer = await openingPeer(wire.open({ max_frame_size: 60 }));
    const error = await rejectionOf<NoActiveEndpointError>(
      connectionTo(peer, { initialConnect: "fail-fast" }).connect(),
    );
    expect(error.attempts).toMatchObject([{ code: "PROTOCOL_ERROR" }]);
  });

  it("takes a header that breaks off for a peer that closed, not for another protocol", async () => {
    const peer = await rawPeer((socket) => socket.end("AMQP"));
    const error = await rejectionOf<NoActiveEndpointError>(
      connectionTo(peer, { initialConnect: "fail-fast" }).connect(),
    );
    expect(error.attempts).toMatchObject([{ code: "ENDPOINT_CLOSED" }]);
  });

  it.each([
    ["longer than a timer can wait", 0xffff_ffff, {}],
    ["of a millisecond", 1, {}],
    ["of a millisecond, where we want no heart-beats", 1, { heartbeatMs: 0 }],
  ])("holds a session whose peer names an idle time-out %s", async (_what, idle_time_out, options) => {
    const peer = await openingPeer(wire.open({ idle_time_out }));
    const connection = connectionTo(peer, options);
    await connection.connect();
    const [socket] = peer.sockets;
    const before = socket?.bytesRead ?? 0;
    await sleep(200);
    // Beats every millisecond would be hundreds, of 8 bytes each.
    expect((socket?.bytesRead ?? 0) - before).toBeLessThan(50);
  });
});

describe("dispositions", () => {
  it("are over at once for four thousand million deliveries that never were", async () => {
    const peer = await answeringFirst((connection) => {
      write(connection, 0, frames.disposition({ role: true, first: 0, last: 0xffff_ffff, ...accepted }));
    });
    const connection = await connectionTo(peer).connect();
    await connection.send("q", "one");
    expect(connection.stats()).toMatchObject({ confirmed: 1, failovers: 0 });
  }, 10_000);

  it("that are repeated confirm nothing that came later", async () => {
    const peer = await takingPeer();
    let repeated = () => {};
    const repetition = new Promise<void>((resolve) => {
      repeated = resolve;
    });
    let received = 0;
    peer.container.on("message", ({ connection, delivery }) => {
      Object.assign(delivery, { settled: true });
      received += 1;
      const range = received <= 2000 ? { first: received - 1 } : received === 3000 && { first: 0, last: 1999 };
      if (range) write(connection, 0, frames.disposition({ role: true, ...range, ...accepted }));
      if (received === 3000) repeated();
    });
    const connection = await connectionTo(peer).connect();
    const sends = Array.from({ length: 3000 }, () => connection.send("q", "one").catch(() => {}));
    await repetition;
    await sleep(50);
    expect(connection.stats()).toMatchObject({ confirmed: 2000, pendingSends: 1000 });
    await connection.close({ drainTimeoutMs: 0 });
    await Promise.all(sends);
  });

  it("for messages that wait for room in the session confirm nothing, and the messages are sent when there is some", async () => {
    const peer = await rheaPeer({
      receiver_options: { credit_window: 100, autoaccept: false },
      session_buffer_size: { incoming: 1 },
    });
    peer.container.on("receiver_open", ({ receiver }) => echoTermini(receiver));
    const bodies: unknown[] = [];
    peer.container.on("message", ({ connection, delivery, message }) => {
      if (bodies.push(message?.body) === 1) {
        write(connection, 0, frames.disposition({ role: true, first: 0, last: 2, ...accepted }));
      }
      delivery.accept();
    });
    const connection = await connectionTo(peer).connect();
    await Promise.all(["one", "two", "three"].map((body) => connection.send("q", body)));
    expect(bodies).toEqual(["one", "two", "three"]);
  });

  it.each([
    ["without an outcome", null],
    ["with an outcome of nobody's", rhea.types.wrap_described({}, 0x99)],
  ])("%s reject the send, and are not told on the console", async (_what, state) => {
    const peer = await answeringFirst((connection) => {
      write(connection, 0, frames.disposition({ role: true, first: 0, settled: true, state, batchable: false }));
    });
    const connection = await connectionTo(peer).connect();
    expect(await rejectionOf(connection.send("q", "one"))).toMatchObject({ code: "SEND_NOT_STORED" });
    expect(connection.stats()).toMatchObject({ failovers: 0 });
  });
});

const windows = { next_incoming_id: 0, incoming_window: 100, next_outgoing_id: 0, outgoing_window: 100, handle: 0 };

describe("credit", () => {
  /** A peer that grants 10, answers the fifth message by this, and what drains the link by new credit. */
  async function drainingPeer(flow: object): Promise<Peer> {
    const peer = await rheaPeer({ receiver_options: { credit_window: 0 } });
    const grant = (connection: RheaConnection, fields: object) =>
      write(connection, 0, frames.flow({ ...windows, delivery_count: 0, ...fields }));
    let received = 0;
    peer.container.on("receiver_open", ({ connection, receiver }) => {
      echoTermini(receiver);
      // rhea, on its side, would count what it did not grant itself.
      Object.defineProperty(receiver, "credit", { get: () => 20, set: () => {} });
      setImmediate(() => grant(connection, { link_credit: 10 }));
    });
    peer.container.on("message", ({ connection }) => {
      received += 1;
      if (received === 5) grant(connection, { ...flow, drain: true });
    });
    peer.container.on("receiver_flow", ({ connection, receiver }) => {
      const { delivery_count } = receiver as unknown as { delivery_count: number };
      if (received === 5) grant(connection, { next_incoming_id: 5, delivery_count, link_credit: 10 });
    });
    return peer;
  }

  it.each([
    ["of which more was used than is left", { link_credit: 2 }],
    ["of which nothing is left", { delivery_count: 5, link_credit: 0 }],
    ["for four thousand million messages", { delivery_count: 5, link_credit: 0xffff_ffff }],
  ])(
    "%s is given back at once, and the link goes on",
    async (_what, flow) => {
      const connection = await connectionTo(await drainingPeer(flow)).connect();
      await Promise.all(Array.from({ length: 5 }, () => connection.send("q", "one")));
      await Promise.all(Array.from({ length: 5 }, () => connection.send("q", "two")));
      expect(connection.stats()).toMatchObject({ confirmed: 10, failovers: 0 });
    },
    10_000,
  );
});

describe("what ends a session", () => {
  const protocolError = { cause: { code: "PROTOCOL_ERROR" } };
  /** The window, what was sent, and the credit to drain, of any type. */
  const flowOf = (window: unknown, count: unknown, credit: unknown) => (connection: RheaConnection) =>
    write(connection, 0, rhea.types.wrap_described([0, window, 0, 100, 0, count, credit, null, true].map(typed), 0x13));
  const typed = (value: unknown) => (typeof value === "number" ? rhea.types.wrap_uint(value) : value);

  it.each([
    ["a delivery without an id", (handle: number) => [frames.transfer({ handle, delivery_tag: Buffer.from("a") })]],
    [
      "messages beyond the credit of a link",
      (handle: number) =>
        Array.from({ length: 11 }, (_, n) =>
          frames.transfer({ handle, delivery_id: n, delivery_tag: Buffer.from(`${n}`) }),
        ),
    ],
  ])("is %s", async (_what, transfers) => {
    const connection = connectionTo(await flooding(transfers));
    const interrupted = next(connection, "interrupted");
    await connection.connect();
    void connection.consume("q", { prefetch: 10 }).run(() => {});
    expect(await interrupted).toMatchObject(protocolError);
  });

  it.each([
    [
      "a message on a link that sends",
      (connection: RheaConnection) =>
        write(
          connection,
          0,
          frames.transfer({ handle: 0, delivery_id: 0, delivery_tag: Buffer.from("a") }),
          Buffer.of(1),
        ),
    ],
    [
      "a session that nobody here began",
      (connection: RheaConnection) =>
        write(connection, 9, frames.begin({ next_outgoing_id: 0, incoming_window: 1, outgoing_window: 1 })),
    ],
    ["credit of a half", flowOf(100, 0, rhea.types.wrap_double(9.5))],
    ["credit without end", flowOf(100, 0, rhea.types.wrap_double(Number.POSITIVE_INFINITY))],
    ["a delivery-count below zero", flowOf(100, rhea.types.wrap_long(-5), 9)],
    ["a window past the range of a uint", flowOf(rhea.types.wrap_ulong(2 ** 32), 0, 9)],
    ["a link that nobody here attached", (connection: RheaConnection) => sessionOf(connection).open_sender("intruder")],
    [
      "a frame of four gigabytes",
      (connection: RheaConnection) => {
        const { socket } = connection as unknown as { socket: { write(bytes: Buffer): void } };
        socket.write(Buffer.of(0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0));
      },
    ],
  ])("is %s; the send is confirmed by the next", async (_what, answer) => {
    const connection = connectionTo(await answeringFirst(answer));
    const interrupted = next(connection, "interrupted");
    await connection.connect();
    const { resent } = await connection.send("q", "one");
    expect(await interrupted).toMatchObject(protocolError);
    expect(resent).toBe(true);
  });
});

describe("credentials", () => {
  const credentials = { username: "scott", password: "tiger" };
  const telling = { condition: "amqp:not-allowed", description: "scott, who came with tiger, may not" };
  const untold = /\*\*\*, who came with \*\*\*, may not/;

  it("are taken out of the reason for which a broker closes", async () => {
    const peer = await openingPeer(wire.open(), wire.close(telling));
    const connection = connectionTo(peer, { credentials, maxReconnectAttempts: 1 });
    const error = await rejectionOf<NoActiveEndpointError>(connection.connect());
    expect(error.message).toMatch(untold);
  });

  it("are taken out of the reasons for which it refuses sends and subscriptions", async () => {
    const peer = await takingPeer();
    peer.container.sasl_server_mechanisms.enable_plain(() => true);
    peer.container.on("message", ({ delivery }) => delivery?.reject(telling));
    peer.container.on("sender_open", ({ sender }) => sender?.close(telling));
    const connection = await connectionTo(peer, { credentials }).connect();
    expect((await rejectionOf(connection.send("q", "one"))).message).toMatch(untold);
    expect((await rejectionOf(connection.consume("q").ready)).message).toMatch(untold);
  });
});
