/** What a session is given after its handshake: all of it at once, in few writes, whatever the peer says meanwhile. Counts, no times. */
import { Socket } from "node:net";
import { Duplex } from "node:stream";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Connection } from "../../src/messaging/connection/connection.ts";
import { next, storyConnection } from "../support/stories.ts";
import { openingPeer, until, wire } from "../unit/adapters/amqp/scripted-peer.ts";
import { CLASSIC, type PeerConnection, StompPeer } from "../unit/adapters/stomp/stomp-peer.ts";

const SUBSCRIPTIONS = 1_000;
const SENDS = 1_000;
const DESTINATIONS = 10;
/** Gathered writes are flushed at this size; see EndpointSocket. */
const FLUSH_BYTES = 64 * 1024;

/** Counts the writes of this process to sockets connected to `port`, from now on. */
function countWrites(port: number): { writes: number; bytes: number } {
  const counted = { writes: 0, bytes: 0 };
  const write = Duplex.prototype.write;
  const spy = vi.spyOn(Duplex.prototype, "write").mockImplementation(function (this: Duplex, ...args: unknown[]) {
    if (this instanceof Socket && this.remotePort === port) {
      counted.writes += 1;
      counted.bytes += (args[0] as Buffer).length;
    }
    return Reflect.apply(write, this, args) as boolean;
  });
  onTestFinished(() => spy.mockRestore());
  return counted;
}

function giveWork(connection: Connection): void {
  for (let n = 0; n < SUBSCRIPTIONS; n++) connection.consume(`queue://s.${n}`, { prefetch: 7 });
  for (let n = 0; n < SENDS; n++) connection.send(`queue://p.${n % DESTINATIONS}`, `body ${n}`).catch(() => {});
}

/** The goodbye to a peer that answers nothing would take seconds. */
async function leave(connection: Connection, socket: Socket): Promise<void> {
  const interrupted = next(connection, "interrupted");
  socket.destroy();
  await interrupted;
  await connection.close({ drainTimeoutMs: 0 });
}

describe("over STOMP, a restored session", () => {
  it("is given every SUBSCRIBE and then every SEND in order, without waiting for an answer, in few writes", async () => {
    const peer = await StompPeer.greeting(CLASSIC);
    onTestFinished(() => peer[Symbol.asyncDispose]());
    const connection = await storyConnection(`stomp://127.0.0.1:${peer.endpoint.port}`, { heartbeatMs: 0 }).connect();
    giveWork(connection);
    const [first] = peer.connections as [PeerConnection];
    await first.until(() => first.all("SEND").length === SENDS, "the first sends");
    const interrupted = next(connection, "interrupted");
    first.socket.destroy();
    await interrupted;
    const counted = countWrites(peer.endpoint.port);
    await until(() => peer.connections[1] !== undefined);
    const [, second] = peer.connections as [PeerConnection, PeerConnection];
    await second.until(() => second.all("SEND").length === SENDS, "all that was pending");

    const commands = second.frames.map(({ command }) => command);
    expect(commands).toEqual([
      "CONNECT",
      ...Array<string>(SUBSCRIPTIONS).fill("SUBSCRIBE"),
      ...Array<string>(SENDS).fill("SEND"),
    ]);
    expect(second.all("SEND").map(({ body }) => String(body))).toEqual(
      Array.from({ length: SENDS }, (_, n) => `body ${n}`),
    );
    expect(counted.bytes).toBeGreaterThan(2 * FLUSH_BYTES);
    expect(counted.writes).toBeLessThanOrEqual(1 + Math.ceil(counted.bytes / FLUSH_BYTES) + 2);
    await leave(connection, second.socket);
  });
});

/** The performatives of an AMQP 1.0 byte stream, by their descriptors (2.7), SASL and headers left out. */
function performatives(bytes: Buffer): string[] {
  const names: Record<number, string> = { 16: "open", 17: "begin", 18: "attach", 19: "flow", 20: "transfer" };
  const found: string[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    if (bytes.toString("latin1", at, at + 4) === "AMQP") {
      at += 8;
      continue;
    }
    const size = bytes.readUInt32BE(at);
    const isSasl = bytes[at + 5] === 1;
    if (!isSasl && size > 8) found.push(names[bytes[at + 10] ?? 0] ?? "other");
    at += size;
  }
  return found;
}

describe("over AMQP, a restored session", () => {
  it("is given begin and attach of every link before one of them is answered, in few writes", async () => {
    const peer = await openingPeer(wire.open());
    const received: Buffer[][] = [];
    const sent = (nth: number) => performatives(Buffer.concat(received[nth] ?? []));
    const links = SUBSCRIPTIONS + DESTINATIONS;
    const connection = storyConnection(`amqp://127.0.0.1:${peer.endpoint.port}`, { heartbeatMs: 0 });
    peer.onSocket((socket) => {
      const chunks: Buffer[] = [];
      received.push(chunks);
      socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    });
    await connection.connect();
    giveWork(connection);
    await until(() => sent(0).length === 1 + 2 * links);
    const interrupted = next(connection, "interrupted");
    const counted = countWrites(peer.endpoint.port);
    peer.sockets[0]?.destroy();
    await interrupted;
    await until(() => sent(1).length === 1 + 2 * links);

    expect(sent(1)).toEqual(["open", ...Array.from({ length: links }, () => ["begin", "attach"]).flat()]);
    expect(connection.state.name).toBe("connected");
    expect(counted.bytes).toBeGreaterThan(2 * FLUSH_BYTES);
    // The handshake takes three by itself.
    expect(counted.writes).toBeLessThanOrEqual(3 + Math.ceil(counted.bytes / FLUSH_BYTES) + 2);
    await leave(connection, peer.sockets[1] as Socket);
  });
});
