/** What a user's own rhea connections notice of ours in the same process: nothing. */
import { once } from "node:events";
import { createRequire } from "node:module";
import rhea, { type Connection, type EventContext } from "rhea";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { openAmqpSession } from "../../../../../src/adapters/amqp/open-session.ts";
import {
  brokerPeer,
  contextOf,
  openOn,
  type Peer,
  type RheaPeer,
  recordedSend,
  recordedSink,
  rheaPeer,
  SETTINGS,
  scriptedPeer,
  until,
  wire,
} from "../scripted-peer.ts";

const require = createRequire(import.meta.url);
/** rhea looks these up whenever it reads a frame or logs one. */
const types = rhea.types as unknown as { readonly Reader: { readonly prototype: object } };
const log = require("rhea/lib/log.js") as Record<"frames" | "raw", unknown>;
const debug = createRequire(require.resolve("rhea/lib/log.js"))("debug") as {
  enable(names: string): void;
  disable(): string;
  log: (...line: unknown[]) => void;
};

const NULLS = 2_000_000;

/** An amqp-value section with a list of so many nulls. */
function listOfNulls(count: number): Buffer {
  const bytes = Buffer.alloc(12 + count, 0x40);
  bytes.set([0x00, 0x53, 0x77, 0xd0]);
  bytes.writeUInt32BE(4 + count, 4);
  bytes.writeUInt32BE(count, 8);
  return bytes;
}

/** Sends these bytes as a message over each link that a client attaches to receive from `address`. */
function serve(peer: RheaPeer, address: string, bytes: Buffer): void {
  peer.container.on("sender_open", ({ sender }: EventContext) => {
    if (sender?.source.address !== address) return;
    sender.once("sendable", () => sender.send(bytes, undefined, 0));
  });
}

/** A connection as a user of rhea makes it. */
async function usersConnection({ endpoint: { host, port } }: Peer): Promise<Connection> {
  const container = rhea.create_container({ id: "user" });
  for (const event of ["disconnected", "error"]) container.on(event, () => {});
  const connection = container.connect({ host, port, reconnect: false });
  await once(connection, "connection_open");
  onTestFinished(() => connection.close());
  return connection;
}

describe("a user's own rhea connection, while ours is connected and busy", () => {
  it("receives a list of two million nulls whole, which ours refuses", async () => {
    const peer = await brokerPeer("ActiveMQ");
    serve(peer, "queue://nulls", listOfNulls(NULLS));
    serve(peer, "users", listOfNulls(NULLS));
    const refused: unknown[] = [];
    peer.container.on("rejected", ({ delivery }: EventContext) => refused.push(delivery?.remote_state));
    const session = await openOn(peer);
    let busy = true;
    const work = (async () => {
      while (busy) await recordedSendOn(session);
    })();
    const sink = recordedSink();
    session.subscribe({ destination: { kind: "queue", name: "nulls" }, prefetch: 10 }, sink);
    const connection = await usersConnection(peer);
    const [{ message }] = (await once(connection.open_receiver("users"), "message")) as [EventContext];
    expect(message?.body).toHaveLength(NULLS);
    await until(() => refused.length === 1);
    busy = false;
    await work;
    expect(sink.deliveries).toEqual([]);
  });

  it("finds rhea's readers and loggers as they are without us, in our callbacks too", async () => {
    const { Reader } = types;
    const { frames, raw } = log;
    const methods = Object.entries(Object.getOwnPropertyDescriptors(Reader.prototype));
    const peer = await brokerPeer("ActiveMQ");
    serve(peer, "queue://orders", rhea.message.encode({ body: "x" }));
    const session = await openOn(peer);
    const found: unknown[] = [];
    session.subscribe(
      { destination: { kind: "queue", name: "orders" }, prefetch: 10 },
      { ...recordedSink(), onDelivery: () => found.push(types.Reader, log.frames, log.raw) },
    );
    await until(() => found.length > 0);
    expect(found).toEqual([Reader, frames, raw]);
    expect([types.Reader, log.frames, log.raw]).toEqual([Reader, frames, raw]);
    expect(Object.entries(Object.getOwnPropertyDescriptors(Reader.prototype))).toEqual(methods);
  });

  it("finds rhea's readers as they are after our connection was sent what no reader takes", async () => {
    const { Reader } = types;
    const arrayOfNulls = Buffer.from([0x53, 0x10, 0xf0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x40]);
    const frame = Buffer.concat([Buffer.from([0, 0, 0, 9 + arrayOfNulls.length, 2, 0, 0, 0, 0]), arrayOfNulls]);
    const peer = await scriptedPeer(
      Buffer.concat([wire.saslHeader, wire.mechanisms("ANONYMOUS")]),
      wire.outcome(0),
      Buffer.concat([wire.amqpHeader, frame]),
    );
    await expect(openAmqpSession(SETTINGS)(peer.endpoint, contextOf())).rejects.toThrow(/items in|More than/);
    expect(types.Reader).toBe(Reader);
  });
});

describe("rhea's log of frames", () => {
  it("shows the frames of a user's own connection, and none of our SASL layer", async () => {
    const lines: string[] = [];
    const before = debug.log;
    debug.log = (...line) => lines.push(line.map(String).join(" "));
    debug.enable("rhea:frames,rhea:raw");
    onTestFinished(() => {
      debug.disable();
      debug.log = before;
    });
    const users = await usersConnection(await rheaPeer());
    const peer = await scriptedPeer(
      Buffer.concat([wire.saslHeader, wire.mechanisms("PLAIN")]),
      wire.outcome(0),
      Buffer.concat([wire.amqpHeader, wire.open()]),
    );
    await openOn(peer, { credentials: () => ({ username: "ada", password: "tops3cret" }) });
    users.create_session().begin();
    await vi.waitFor(() => expect(lines.some((line) => line.includes("begin#11"))).toBe(true));
    const text = lines.join("\n");
    expect(text).not.toMatch(/sasl/i);
    expect(text).not.toContain(Buffer.from("tops3cret").toString("hex"));
    expect(text).not.toContain("tops3cret");
  });
});

async function recordedSendOn(session: Awaited<ReturnType<typeof openOn>>): Promise<void> {
  const send = recordedSend("queue://busy", "x");
  session.send(send);
  await send.outcome;
}
