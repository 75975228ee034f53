/** Who acknowledges nothing: the system's table as it is printed, its limits, and what the watch makes of it on real sockets. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { addressKey } from "../../../../src/transport/socket/address-key.ts";
import { readRetransmissions, systemTable } from "../../../../src/transport/socket/tcp-retransmissions.ts";
import { socketPair, wrapped } from "../../../support/socket-pair.ts";
import { until } from "../../../support/toy-group.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
/** A line as Linux 6.18 prints it. */
const line = (key: string, { state = "01", timer = "01", when = "00000000", sent = "00000003", timeout = 163 } = {}) =>
  `   2: ${key} ${state} 00000001:00000000 ${timer}:${when} ${sent}     0        0 8072068 2 00000000942033c7 ${timeout} 4 30 1 -1`;

/** A table in a folder of its own; `write` changes what it holds. */
async function table(): Promise<{ directory: string; write: (...lines: readonly string[]) => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "masterslave-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const write = (...lines: readonly string[]) => writeFile(join(directory, "tcp"), [HEADER, ...lines, ""].join("\n"));
  await write();
  return { directory, write };
}

describe("the system's table", () => {
  it("tells since when bytes wait, from the length of the timer and how far it has run", () => {
    // A first timeout of 0.2 s, then 0.4 and 0.8 s; of the next, 1.63 s, half has run.
    const stalls = readRetransmissions(
      [HEADER, line("A B:1"), line("0100007F:B35B 0100007F:AB46", { when: "00000051" })].join("\n"),
    );
    expect([...stalls]).toEqual([["0100007F:B35B 0100007F:AB46", { forMs: 2246, retransmissions: 3 }]]);
  });

  it.each([
    ["nothing was sent again", { sent: "00000000" }],
    ["the peer's window is closed: its system answers every probe", { timer: "04" }],
    ["nothing waits", { timer: "00" }],
    ["a keep-alive timer runs", { timer: "02" }],
    ["it is not connected yet", { state: "02" }],
  ])("says nothing of a socket when %s", (_, fields) => {
    expect(readRetransmissions(line("0100007F:B35B 0100007F:AB46", fields)).size).toBe(0);
  });

  it.each([
    ["127.0.0.1", "0100007F"],
    ["10.1.2.3", "0302010A"],
    ["::1", "00000000000000000000000001000000"],
    ["::ffff:127.0.0.2", "0000000000000000FFFF00000200007F"],
    ["2001:db8::8a2e:370:7334", "B80D0120000000002E8A000034737003"],
    ["fe80::1%eth0", "000080FE000000000000000001000000"],
  ])("writes %s as %s", (address, hex) => {
    const key = addressKey({ localAddress: address, localPort: 45_915, remoteAddress: address, remotePort: 80 });
    expect(key).toEqual({ family: hex.length === 8 ? 4 : 6, text: `${hex}:B35B ${hex}:0050` });
  });

  it("has no line for a socket without addresses", () => {
    expect(addressKey({ remoteAddress: undefined, remotePort: undefined })).toBeUndefined();
  });

  it("is read once for many who ask together, and anew for one who wants it fresh", async () => {
    const { directory, write } = await table();
    const { inner } = await socketPair();
    const system = systemTable(directory);
    const key = addressKey(inner)?.text ?? "";
    await write(line(key));
    const answers = await Promise.all(Array.from({ length: 100 }, () => system.stallOf(inner, 60_000)));
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatchObject({ retransmissions: 3 });
    await write();
    expect(await system.stallOf(inner, 60_000)).toBe(answers[0]);
    expect(await system.stallOf(inner, 0)).toBeUndefined();
  });

  it("is left alone where it is too large or missing", async () => {
    const { directory, write } = await table();
    const { inner } = await socketPair();
    const lines = Array.from({ length: 40_000 }, () => line("0100007F:0001 0100007F:0002"));
    await write(...lines, line(addressKey(inner)?.text ?? ""));
    expect(await systemTable(directory).stallOf(inner, 0)).toBeUndefined();
    expect(await systemTable(join(directory, "nowhere")).stallOf(inner, 0)).toBeUndefined();
  });
});

describe("watching acknowledgements", () => {
  it("destroys the socket when nothing was acknowledged for the limit, though the peer speaks on", async () => {
    const { directory, write } = await table();
    const { socket, inner, peer, told } = await socketPair();
    socket.resume();
    const chatter = setInterval(() => peer.write("\n"), 10);
    onTestFinished(() => clearInterval(chatter));
    socket.watchPeer(5_000);
    socket.watchAcknowledgements(300, systemTable(directory));
    await pause(400);
    expect(told).toEqual([]);
    // 0.28 s by two retransmissions prove nothing yet; then 0.6 s by three do.
    await write(line(addressKey(inner)?.text ?? "", { sent: "00000002", timeout: 80, when: "00000030" }));
    await pause(400);
    expect(told).toEqual([]);
    await write(line(addressKey(inner)?.text ?? "", { sent: "00000003", timeout: 80, when: "00000040" }));
    await until(() => told.includes("close"));
    expect(told).toEqual(["error HEARTBEAT_LOST", "close"]);
    expect(socket.errored?.message).toMatch(
      /acknowledged nothing of what was sent to it for \d+ ms, sent again 3 times/,
    );
  });

  it("ends with its socket", async () => {
    const { directory } = await table();
    const { socket } = await socketPair();
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = timers();
    socket.watchAcknowledgements(60_000, systemTable(directory));
    expect(timers()).toBe(before + 1);
    socket.destroy();
    expect(timers()).toBe(before);
    socket.watchAcknowledgements(60_000, systemTable(directory));
    expect(timers()).toBe(before);
  });

  it("takes a peer that does not read for alive: its window is closed, and it acknowledges every probe", async () => {
    const { socket, inner, peer, told } = await socketPair();
    peer.pause();
    const size = 32 * 1024 * 1024;
    socket.write(Buffer.alloc(size));
    socket.watchAcknowledgements(100);
    await pause(1_500);
    expect(inner.writableLength).toBeGreaterThan(0);
    expect(told).toEqual([]);
    // Nothing is lost by the wait.
    let bytes = 0;
    peer.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    peer.resume();
    await until(() => bytes === size);
  });

  it("finds its own socket in the system's table, over IPv6 too", async () => {
    for (const host of ["127.0.0.1", "::1"]) {
      const server = createServer((peer) => void peer.resume().on("error", () => {})).listen(0, host);
      await once(server, "listening");
      const { port } = server.address() as { port: number };
      const inner = connect(port, host);
      await once(inner, "connect");
      const { socket } = wrapped(inner, port);
      const { readFile } = await import("node:fs/promises");
      const text = await readFile(host === "::1" ? "/proc/self/net/tcp6" : "/proc/self/net/tcp", "latin1");
      expect(text).toContain(` ${addressKey(inner as Socket)?.text} 01 `);
      socket.destroy();
      server.close();
    }
  });
});
