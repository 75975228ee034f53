/** Our socket over real TCP: how it writes, reads, ends and notices that the peer is gone. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { SessionLostError } from "../../../../src/errors/errors.ts";
import { collect, socketPair, wrapped } from "../../../support/socket-pair.ts";
import { until } from "../../../support/toy-group.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

describe("writing", () => {
  it("joins the small writes of one turn into one inner write and one chunk, in order", async () => {
    const { socket, inner, peer } = await socketPair();
    const innerWrites: number[] = [];
    const { write } = inner;
    inner.write = ((chunk: Buffer) => {
      innerWrites.push(chunk.length);
      return write.call(inner, chunk as never);
    }) as typeof inner.write;
    const chunks: string[] = [];
    peer.on("data", (data) => chunks.push(String(data)));
    for (let index = 0; index < 500; index += 1) socket.write(`${index},`);
    expect(innerWrites).toEqual([]);
    await until(() => chunks.length > 0);
    await pause(20);
    const text = Array.from({ length: 500 }, (_, index) => `${index},`).join("");
    expect(chunks).toEqual([text]);
    expect(innerWrites).toEqual([text.length]);
  });

  it("sends what is written in later turns in later writes", async () => {
    const { socket, peer } = await socketPair();
    const chunks: string[] = [];
    peer.on("data", (data) => chunks.push(String(data)));
    socket.write("first");
    await until(() => chunks.length === 1);
    socket.write("second");
    await until(() => chunks.length === 2);
    expect(chunks).toEqual(["first", "second"]);
  });

  it("calls back for each write at once, so that a library writes its next piece in the same turn", async () => {
    const { socket, peer } = await socketPair();
    const all = collect(peer, 300);
    let written = 0;
    const next = () => {
      if (written === 100) return;
      written += 1;
      socket.write("abc", next);
    };
    next();
    await all;
    expect(written).toBe(100);
    expect((await all).toString()).toBe("abc".repeat(100));
  });

  it("keeps every byte in order over any mix of small and large chunks and turns", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 40_000 }), newTurn: fc.boolean() }), {
          minLength: 1,
          maxLength: 30,
        }),
        async (writes) => {
          const { socket, peer } = await socketPair();
          const received = collect(peer);
          const sent: Buffer[] = [];
          for (const [index, { bytes, newTurn }] of writes.entries()) {
            const chunk = Buffer.alloc(bytes, index + 1);
            sent.push(chunk);
            socket.write(chunk);
            if (newTurn) await turn();
          }
          socket.end();
          expect(Buffer.compare(await received, Buffer.concat(sent))).toBe(0);
          socket.destroy();
        },
      ),
      { numRuns: 40 },
    );
  });

  it("puts a large chunk behind the small ones before it and before those after it", async () => {
    const { socket, peer } = await socketPair();
    const received = collect(peer);
    const large = Buffer.alloc(1_000_000, "L");
    socket.write("before");
    socket.write(large);
    socket.write("after");
    socket.end();
    expect(Buffer.compare(await received, Buffer.concat([Buffer.from("before"), large, Buffer.from("after")]))).toBe(0);
  });

  it("has Nagle off: a second small write does not wait for the acknowledgement of the first", async () => {
    const { socket, inner, peer } = await socketPair();
    let heard = 0;
    peer.on("data", (data: Buffer) => {
      heard += data.length;
      if (heard % 2 === 0) peer.write("!");
    });
    const exchanges = async () => {
      const from = performance.now();
      for (let exchange = 0; exchange < 20; exchange += 1) {
        socket.write("a");
        await turn();
        await turn();
        socket.write("b");
        await collect(socket, 1);
      }
      return performance.now() - from;
    };
    // The first exchanges on a connection are acknowledged without delay.
    await exchanges();
    const oursMs = await exchanges();
    inner.setNoDelay(false);
    expect(await exchanges()).toBeGreaterThan(3 * oursMs);
  });

  it("flushes on end() what was written before it", async () => {
    const { socket, peer, told } = await socketPair();
    const received = collect(peer);
    socket.write("last ");
    socket.end("words");
    expect((await received).toString()).toBe("last words");
    socket.resume();
    await until(() => told.includes("close"));
    expect(told).toEqual(["finish", "end", "close"]);
  });
});

describe("reading", () => {
  it("keeps the first 32 bytes however they come", async () => {
    const { socket, peer } = await socketPair();
    socket.resume();
    const text = "0123456789abcdefghijklmnopqrstuvwxyz";
    for (const char of text.slice(0, 5)) {
      peer.write(char);
      await pause(2);
    }
    peer.write(text.slice(5));
    await until(() => socket.firstBytes.length >= 32);
    expect(socket.firstBytes.toString()).toBe(text.slice(0, 32));
  });

  it("stops reading from a peer whose bytes nobody takes, and loses none of them", async () => {
    const { socket, inner, peer } = await socketPair();
    const size = 32 * 1024 * 1024;
    const sent = Buffer.alloc(size, "0123456789");
    peer.write(sent);
    await until(() => inner.isPaused());
    await pause(100);
    const held = socket.bytesRead;
    await pause(100);
    expect(socket.bytesRead).toBe(held);
    expect(held).toBeLessThan(size / 8);
    expect(Buffer.compare(await collect(socket, size), sent)).toBe(0);
  });

  it("hands over what came before the peer's FIN to a reader that comes late", async () => {
    const { socket, inner, peer, told } = await socketPair();
    peer.end("the last word");
    await until(() => inner.destroyed);
    await pause(20);
    expect(told).toEqual([]);
    expect((await collect(socket)).toString()).toBe("the last word");
    await until(() => told.includes("close"));
    expect(told).toEqual(["end", "finish", "close"]);
  });
});

describe("the end", () => {
  it("is 'end' and 'close' when the peer closes", async () => {
    const { socket, peer, told } = await socketPair();
    socket.resume();
    peer.end();
    await until(() => told.includes("close"));
    expect(told).toEqual(["end", "finish", "close"]);
  });

  it("is SESSION_LOST and 'close', once each, when the peer resets", async () => {
    const { socket, peer, told } = await socketPair();
    socket.resume();
    peer.resetAndDestroy();
    await until(() => told.includes("close"));
    await pause(20);
    expect(told).toEqual(["error SESSION_LOST", "close"]);
    expect(socket.errored?.message).toContain(`tcp://127.0.0.1:${socket.endpoint.port} broke: `);
  });

  it("emits the error of destroy() and 'close' once, closes the inner socket and drops what was not sent", async () => {
    const { socket, inner, peer, told } = await socketPair();
    const received = collect(peer).catch(() => Buffer.alloc(0));
    socket.watchPeer(60_000);
    const before = timers();
    socket.write("never sent");
    const cause = new SessionLostError("SESSION_LOST", "given up");
    socket.destroy(cause);
    socket.destroy(new Error("again"));
    expect(inner.destroyed).toBe(true);
    expect(timers()).toBe(before - 1);
    socket.watchPeer(10);
    await until(() => told.includes("close"));
    await pause(30);
    expect(told).toEqual(["error SESSION_LOST", "close"]);
    expect(socket.errored).toBe(cause);
    expect((await received).length).toBe(0);
  });

  it("does not crash the process by an error to which nobody listens", async () => {
    const { inner, peer } = await socketPair();
    const uncaught: unknown[] = [];
    const onUncaught = (error: unknown) => uncaught.push(error);
    process.on("uncaughtException", onUncaught);
    // A second one over the same connection, with no listener of anyone's.
    const { EndpointSocket } = await import("../../../../src/transport/socket/endpoint-socket.ts");
    const alone = new EndpointSocket(inner, { scheme: "tcp", host: "a", port: 1, options: {} });
    alone.resume();
    peer.resetAndDestroy();
    await until(() => alone.destroyed);
    await pause(20);
    process.removeListener("uncaughtException", onUncaught);
    expect(uncaught).toEqual([]);
    expect(alone.errored).toMatchObject({ code: "SESSION_LOST" });
  });
});

describe("watching the peer", () => {
  it("resets the connection of a peer that was silent, which no orderly end would reach in time", async () => {
    const { socket, peer } = await socketPair();
    socket.resume();
    const error = once(peer.resume(), "error");
    socket.watchPeer(50);
    expect((await error)[0]).toMatchObject({ code: "ECONNRESET" });
  });

  it("notices silence", async () => {
    const { socket, told } = await socketPair();
    socket.resume();
    const from = performance.now();
    socket.watchPeer(120);
    await until(() => told.includes("close"));
    expect(performance.now() - from).toBeGreaterThan(100);
    expect(told).toEqual(["error HEARTBEAT_LOST", "close"]);
    expect(socket.errored?.message).toContain("sent nothing, not even a heart-beat, for 120 ms");
  });

  it("counts the silence from the last byte", async () => {
    const { socket, peer, told } = await socketPair();
    socket.resume();
    socket.watchPeer(150);
    for (let beat = 0; beat < 10; beat += 1) {
      await pause(40);
      peer.write("\n");
    }
    expect(told).toEqual([]);
    const from = performance.now();
    await until(() => told.includes("close"));
    expect(performance.now() - from).toBeGreaterThan(100);
  });

  it("does not take a blocked event loop for the peer's silence", async () => {
    const peer: ChildProcess = fork(new URL("../../../support/programs/chattering-peer.ts", import.meta.url), {
      execArgv: ["--import", "tsx"],
    });
    onTestFinished(() => void peer.kill("SIGKILL"));
    const [port] = (await once(peer, "message")) as [number];
    const inner = connect(port, "127.0.0.1");
    await once(inner, "connect");
    const { socket, told } = wrapped(inner, port);
    onTestFinished(() => void socket.destroy());
    socket.resume();
    const limitMs = 300;
    socket.watchPeer(limitMs);
    for (let block = 0; block < 4; block += 1) {
      const blockedUntil = performance.now() + 2 * limitMs;
      // Nothing of the loop's runs meanwhile: neither the timer nor the reads.
      while (performance.now() < blockedUntil);
      await pause(60);
      expect(told).toEqual([]);
    }
    // And it is still on guard.
    peer.kill("SIGSTOP");
    await until(() => told.includes("close"));
    expect(told).toEqual(["error HEARTBEAT_LOST", "close"]);
  });

  it("raises no alarm while we are the ones who do not read", async () => {
    const { socket, inner, peer, told } = await socketPair();
    const size = 16 * 1024 * 1024;
    peer.write(Buffer.alloc(size));
    socket.watchPeer(80);
    await until(() => inner.isPaused());
    await pause(400);
    expect(told).toEqual([]);
    expect((await collect(socket, size)).length).toBe(size);
    // Once it reads again, silence counts.
    socket.resume();
    await until(() => told.includes("close"));
    expect(told[0]).toBe("error HEARTBEAT_LOST");
  });

  it("takes a promise of 49 days without a busy timer", async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.name);
    process.on("warning", onWarning);
    const { socket, told } = await socketPair();
    socket.watchPeer(2.1 * 4_294_967_295);
    await pause(30);
    process.removeListener("warning", onWarning);
    expect(warnings).toEqual([]);
    expect(told).toEqual([]);
  });
});
