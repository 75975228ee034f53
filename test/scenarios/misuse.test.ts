/** Calls as only plain JavaScript can make them, and listeners and handlers that throw what nobody expects: typed errors, and the connection goes on. */
import { describe, expect, it } from "vitest";
import type { ProcessMessage } from "../../src/index.ts";
import { storyConnection, storyGroup } from "../support/stories.ts";
import { forbidUnhandledRejections, rejectionOf } from "../support/toy-connection.ts";
import { brokerPeer } from "../unit/adapters/amqp/scripted-peer.ts";

forbidUnhandledRejections();

const invalid = { code: "INVALID_ARGUMENT" };

describe("a signal that is none", () => {
  it.each([5, "abort", null, {}])(
    "such as %j is refused by connect, send and consume, and changes nothing",
    async (signal) => {
      const group = await storyGroup("stomp");
      const connection = storyConnection(group.uri("stomp"));
      const options = { signal } as object;
      expect(await rejectionOf(connection.connect(options))).toMatchObject(invalid);
      await connection.connect();
      expect(await rejectionOf(connection.send("q", "one", options))).toMatchObject(invalid);
      expect(() => connection.consume("q", options)).toThrow(expect.objectContaining(invalid));
      expect(connection.stats()).toMatchObject({ state: "connected", pendingSends: 0, waitingSends: 0, consumers: 0 });
    },
  );
});

describe("options that are none", () => {
  it.each([null, 5, "x"])("such as %j are refused by send and consume", async (options) => {
    const connection = storyConnection("stomp://127.0.0.1:1");
    expect(await rejectionOf(connection.send("q", "one", options as never))).toMatchObject(invalid);
    expect(() => connection.consume("q", options as never)).toThrow(expect.objectContaining(invalid));
  });
});

describe("run()", () => {
  it("without a function is refused before it could send a message to the dead letter queue", async () => {
    const group = await storyGroup("stomp");
    const connection = await storyConnection(group.uri("stomp")).connect();
    await connection.send("q", "one");
    const running = connection.consume("q").run(undefined as unknown as ProcessMessage);
    expect(await rejectionOf(running)).toMatchObject(invalid);
    expect(await group.messages("q")).toHaveLength(1);
  });

  it("over AMQP rejects with as much of an error as fits a frame, however long its message", async () => {
    const peer = await brokerPeer("toy");
    const rejected = new Promise<string>((resolve) => {
      peer.container.once("rejected", ({ delivery }) => resolve(delivery?.remote_state?.["error"].description));
    });
    peer.container.once("sender_flow", ({ sender }) => sender?.send({ body: "one" }));
    const connection = await storyConnection(`amqp://127.0.0.1:${peer.endpoint.port}`).connect();
    void connection.consume("q").run(() => {
      throw new Error(`cannot be read: ${"x".repeat(1_000_000)}`);
    });
    const description = await rejected;
    expect(description).toMatch(/^cannot be read: x+$/);
    expect(description.length).toBeLessThan(2_000);
  });
});

describe("a listener", () => {
  it.each([
    [
      "throws",
      () => {
        throw Object.create(null);
      },
    ],
    ["rejects", () => Promise.reject(Object.create(null))],
  ])("that %s with what cannot be made a string harms nobody", async (_how, listener) => {
    const group = await storyGroup("stomp");
    const connection = storyConnection(group.uri("stomp"));
    const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
    connection.on("established", listener);
    await connection.connect();
    await connection.send("q", "one");
    expect(await warned).toMatchObject({ code: "MASTERSLAVE_LISTENER" });
  });
});
