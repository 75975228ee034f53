import { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import { ConnectRefused, connectWithStompit } from "../../../../../src/adapters/stomp/stompit/connect-with-stompit.ts";

const HEADERS = { "accept-version": "1.1,1.2", host: "peer", "heart-beat": "10,10" };
const never = new AbortController().signal;

/** A socket whose other end is the test. */
class TestSocket extends Duplex {
  written = "";
  override _read(): void {}
  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.written += bytes.toString();
    done();
  }
}

const listenersOf = (socket: Duplex) =>
  socket.eventNames().flatMap((name) => socket.listeners(name).map(() => String(name)));
const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

describe("connectWithStompit", () => {
  it("writes CONNECT, and resolves with the headers of CONNECTED as text", async () => {
    const socket = new TestSocket();
    const connecting = connectWithStompit(socket, HEADERS, never);
    socket.push("CONNECTED\nversion:1.2\nheart-beat:10,10\ncontent-length:0\nversion:1.1\n\n\0");
    expect(await connecting).toEqual({ version: "1.2", "heart-beat": "10,10", "content-length": "0" });
    expect(socket.written).toBe("CONNECT\naccept-version:1.1,1.2\nhost:peer\nheart-beat:10,10\n\n\0\n");
  });

  it("leaves no listener, no timer and no heart-beat behind, and what follows CONNECTED unread", async () => {
    const socket = new TestSocket();
    const [listenersBefore, timersBefore] = [listenersOf(socket), timers()];
    const connecting = connectWithStompit(socket, HEADERS, never);
    socket.push("CONNECTED\nversion:1.2\nheart-beat:10,10\n\n\0\nMESSAGE\n");
    await connecting;
    expect(timers()).toBe(timersBefore);
    const { written } = socket;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(socket.written).toBe(written);
    expect(listenersOf(socket)).toEqual(listenersBefore);
    socket.push("subscription:1\n\n\0");
    expect(String(socket.read())).toBe("\nMESSAGE\nsubscription:1\n\n\0");
  });

  it("rejects with the headers and the body of an ERROR", async () => {
    const socket = new TestSocket();
    const connecting = connectWithStompit(socket, HEADERS, never).catch((error: unknown) => error);
    for (const char of "ERROR\nmessage:no\n\nat Java.java\0") socket.push(char);
    const refused = await connecting;
    expect(refused).toBeInstanceOf(ConnectRefused);
    expect(refused).toMatchObject({ headers: { message: "no" } });
    expect((refused as ConnectRefused).body.toString()).toBe("at Java.java");
    expect(listenersOf(socket)).toEqual([]);
  });

  it.each([
    ["a frame that is no answer", "RECEIPT\n\n\0", /unknown command/],
    ["CONNECTED with a body", "CONNECTED\n\nx\0", /empty body/],
    ["a header without a colon", "CONNECTED\nversion\n\n\0", /header parse error/],
    ["headers without end", `ERROR\n${`${"x".repeat(1000)}:\n`.repeat(3000)}`, /more headers than any broker sends/],
  ])("rejects for %s", async (_what, answer, message) => {
    const socket = new TestSocket();
    const connecting = connectWithStompit(socket, HEADERS, never);
    socket.push(answer);
    await expect(connecting).rejects.toThrow(message);
    expect(listenersOf(socket)).toEqual([]);
  });

  it("rejects when the socket ends or breaks first, and with the reason of its signal", async () => {
    const [ended, broken, aborted] = [new TestSocket(), new TestSocket(), new TestSocket()];
    const controller = new AbortController();
    const failures = [ended, broken, aborted].map((socket) =>
      connectWithStompit(socket, HEADERS, controller.signal).catch((error: unknown) => error),
    );
    const [reset, tired] = [new Error("reset"), new Error("tired")];
    ended.push("CONNECTED\n");
    ended.push(null);
    broken.destroy(reset);
    expect(await failures[0]).toMatchObject({ message: "the connection ended" });
    expect(await failures[1]).toBe(reset);
    controller.abort(tired);
    expect(await failures[2]).toBe(tired);
  });
});
