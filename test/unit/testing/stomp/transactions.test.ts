import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type EmbeddedGroup, embeddedGroup } from "../../../../src/testing/index.ts";
import { RawStomp } from "../raw-stomp.ts";

let group: EmbeddedGroup;
let counter = 0;
let queue: string;
let client: RawStomp;
const clients: RawStomp[] = [];

beforeAll(async () => {
  group = await embeddedGroup({ inProcess: true, protocols: ["stomp"] });
});
afterAll(() => group.close());
afterEach(() => {
  for (const one of clients.splice(0)) one.socket.destroy();
});

async function open(): Promise<RawStomp> {
  const opened = await RawStomp.open(group.endpoints("stomp")[group.active ?? 0]?.port ?? 0);
  clients.push(opened);
  return opened;
}

async function start(): Promise<void> {
  queue = `t${++counter}`;
  client = await open();
}

const bodies = async (name = queue) => (await group.messages(name)).map(({ text }) => text);
const send = (text: string, headers: Record<string, string> = {}) =>
  client.confirmed("SEND", { destination: `/queue/${queue}`, persistent: "true", ...headers }, text);
const subscribe = (one: RawStomp, headers: Record<string, string> = {}) =>
  one.send("SUBSCRIBE", { id: "s", destination: `/queue/${queue}`, ack: "client-individual", ...headers });
const inTransaction = { transaction: "t" };

describe("a STOMP transaction", () => {
  it("shows its sends at its commit, in their order, and not before", async () => {
    await start();
    await client.confirmed("BEGIN", inTransaction);
    await send("a", inTransaction);
    await send("outside");
    await send("b", { ...inTransaction, persistent: "false" });
    expect(await bodies()).toEqual(["outside"]);
    await client.confirmed("COMMIT", inTransaction);
    expect(await bodies()).toEqual(["outside", "a", "b"]);
  });

  it("forgets its sends when it is aborted, and its name is free again", async () => {
    await start();
    await client.confirmed("BEGIN", inTransaction);
    await send("a", inTransaction);
    await client.confirmed("ABORT", inTransaction);
    await client.confirmed("BEGIN", inTransaction);
    await send("b", inTransaction);
    await client.confirmed("COMMIT", inTransaction);
    expect(await bodies()).toEqual(["b"]);
  });

  it("takes what it acknowledged out of the queue at its commit", async () => {
    await start();
    await send("a");
    subscribe(client);
    const { headers } = await client.next("MESSAGE");
    await client.confirmed("BEGIN", inTransaction);
    await client.confirmed("ACK", { id: headers["ack"] ?? "", ...inTransaction });
    expect(await bodies()).toEqual(["a"]);
    await client.confirmed("COMMIT", inTransaction);
    expect(await bodies()).toEqual([]);
  });

  it("sends what it NACKed to the dead letter queue at its commit", async () => {
    await start();
    await send("bad in a transaction");
    subscribe(client);
    const { headers } = await client.next("MESSAGE");
    await client.confirmed("BEGIN", inTransaction);
    await client.confirmed("NACK", { id: headers["ack"] ?? "", ...inTransaction });
    expect(await bodies("ActiveMQ.DLQ")).not.toContain("bad in a transaction");
    await client.confirmed("COMMIT", inTransaction);
    expect(await bodies("ActiveMQ.DLQ")).toContain("bad in a transaction");
    expect(await bodies()).toEqual([]);
  });

  it("restores ack ids when it is aborted, and redelivers nothing on the live subscription", async () => {
    await start();
    await send("a");
    await send("b");
    subscribe(client, { ack: "client" });
    await client.next("MESSAGE");
    const second = await client.next("MESSAGE");
    await client.confirmed("BEGIN", inTransaction);
    await client.confirmed("ACK", { id: second.headers["ack"] ?? "", ...inTransaction });
    await client.confirmed("ABORT", inTransaction);
    await send("after");
    expect((await client.next("MESSAGE")).body).toBe("after");
    await client.confirmed("ACK", { id: second.headers["ack"] ?? "" });
    expect(await bodies()).toEqual(["after"]);
  });

  it("gives back what it had acknowledged when the subscription ends after the abort", async () => {
    await start();
    await send("a");
    subscribe(client);
    const { headers } = await client.next("MESSAGE");
    await client.confirmed("BEGIN", inTransaction);
    await client.confirmed("ACK", { id: headers["ack"] ?? "", ...inTransaction });
    await client.confirmed("ABORT", inTransaction);
    await client.confirmed("UNSUBSCRIBE", { id: "s" });
    subscribe(client);
    expect(await client.next("MESSAGE")).toMatchObject({ body: "a", headers: { redelivered: "true" } });
  });

  it("keeps what it had acknowledged when the subscription ends before its commit", async () => {
    await start();
    await send("a");
    await send("b");
    subscribe(client);
    const { headers } = await client.next("MESSAGE");
    await client.next("MESSAGE");
    await client.confirmed("BEGIN", inTransaction);
    await client.confirmed("ACK", { id: headers["ack"] ?? "", ...inTransaction });
    await client.confirmed("UNSUBSCRIBE", { id: "s" });
    const other = await open();
    subscribe(other);
    expect((await other.next("MESSAGE")).body).toBe("b");
    await client.confirmed("COMMIT", inTransaction);
    expect(await bodies()).toEqual(["b"]);
  });

  it("is rolled back when its connection drops: sends are gone, deliveries come again in order", async () => {
    await start();
    for (const text of ["a", "b", "c"]) await send(text);
    subscribe(client, { "activemq.prefetchSize": "3" });
    await client.next("MESSAGE");
    const second = await client.next("MESSAGE");
    await client.confirmed("BEGIN", inTransaction);
    await send("in the transaction", inTransaction);
    await client.confirmed("ACK", { id: second.headers["ack"] ?? "", ...inTransaction });
    client.socket.destroy();
    const other = await open();
    await vi.waitFor(async () => expect((await group.stats()).connections).toBe(1));
    subscribe(other);
    const again = [await other.next("MESSAGE"), await other.next("MESSAGE"), await other.next("MESSAGE")];
    expect(again.map(({ body }) => body)).toEqual(["a", "b", "c"]);
    expect(again.map(({ headers }) => headers["redelivered"])).toEqual(["true", "true", "true"]);
    expect(await bodies()).toEqual(["a", "b", "c"]);
  });

  it.each([
    ["SEND", { destination: "/queue/a" }],
    ["ACK", { id: "s/1" }],
    ["COMMIT", {}],
    ["ABORT", {}],
  ])("that was never begun is refused for %s, and the connection stays", async (command, headers) => {
    await start();
    client.send(command, { ...headers, transaction: "never", receipt: "r" });
    const error = await client.next("ERROR");
    expect(error.headers).toMatchObject({ "receipt-id": "r", message: "Invalid transaction id\\c never" });
    expect(error.body).toMatch(/^amqp:transaction:unknown-id: /);
    await send("still here");
    expect(await bodies()).toEqual(["still here"]);
  });

  it("is refused a name that is in use", async () => {
    await start();
    await client.confirmed("BEGIN", inTransaction);
    client.send("BEGIN", { ...inTransaction, receipt: "again" });
    expect((await client.next("ERROR")).headers["receipt-id"]).toBe("again");
    await send("a", inTransaction);
    await client.confirmed("COMMIT", inTransaction);
    expect(await bodies()).toEqual(["a"]);
  });

  it("is rolled back whole for one repeated id where duplicates are looked for, as on Artemis", async () => {
    const careful = await embeddedGroup({
      inProcess: true,
      members: 1,
      protocols: ["stomp"],
      duplicateDetection: true,
    });
    try {
      client = await RawStomp.open(careful.endpoints("stomp")[0]?.port ?? 0);
      queue = "careful";
      await send("first", { _AMQ_DUPL_ID: "1" });
      await client.confirmed("BEGIN", inTransaction);
      await send("new", { ...inTransaction, _AMQ_DUPL_ID: "2" });
      await send("again", { ...inTransaction, _AMQ_DUPL_ID: "1" });
      client.send("COMMIT", { ...inTransaction, receipt: "commit" });
      const error = await client.next("ERROR");
      expect(error.headers["receipt-id"]).toBe("commit");
      expect(error.body).toMatch(/^amqp:transaction:rollback: /);
      await send("new", { _AMQ_DUPL_ID: "2" });
      expect((await careful.messages(queue)).map(({ text }) => text)).toEqual(["first", "new"]);
    } finally {
      client.socket.destroy();
      await careful.close();
    }
  });

  it("is all there or not at all after a crash in the middle of its commit, and there once it was confirmed", async () => {
    await start();
    await send("taken");
    let commits = 0;
    for (let round = 0; round < 20; round++) {
      client = await open();
      subscribe(client);
      const { headers, body } = await client.next("MESSAGE");
      client.send("BEGIN", inTransaction);
      for (const part of ["1", "2", "3"]) {
        client.send("SEND", { destination: `/queue/parts${counter}`, persistent: "true", ...inTransaction }, part);
      }
      client.send("SEND", { destination: `/queue/${queue}`, persistent: "true", ...inTransaction }, `round ${round}`);
      client.send("ACK", { id: headers["ack"] ?? "", ...inTransaction });
      client.send("COMMIT", { ...inTransaction, receipt: "commit" });
      if (round % 4 === 0) await client.next("RECEIPT");
      else await new Promise((resolve) => setTimeout(resolve, round % 4));
      await group.failover();
      await client.closed;
      const confirmed = round % 4 === 0 || client.frames.some(({ command }) => command === "RECEIPT");
      const parts = (await bodies(`parts${counter}`)).join("");
      const left = await bodies();
      if (confirmed) expect(left).toEqual([`round ${round}`]);
      expect([[body], [`round ${round}`]]).toContainEqual(left);
      if (left[0] === `round ${round}`) commits++;
      expect(parts).toBe("123".repeat(commits));
    }
  });
});
