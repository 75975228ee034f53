import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type EmbeddedGroup, embeddedGroup } from "../../../../src/testing/index.ts";
import { RawStomp } from "../raw-stomp.ts";

let group: EmbeddedGroup;
let counter = 0;
let name: string;
let client: RawStomp;
const clients: RawStomp[] = [];

beforeAll(async () => {
  group = await embeddedGroup({ inProcess: true, protocols: ["stomp"] });
});
afterAll(() => group.close());
afterEach(() => {
  for (const one of clients.splice(0)) one.socket.destroy();
});

async function open(headers: Record<string, string> = {}): Promise<RawStomp> {
  const opened = await RawStomp.open(group.endpoints("stomp")[group.active ?? 0]?.port ?? 0, headers);
  clients.push(opened);
  return opened;
}

async function start(headers: () => Record<string, string> = () => ({})): Promise<void> {
  name = `s${++counter}`;
  client = await open(headers());
}

async function drop(one: RawStomp): Promise<void> {
  one.socket.destroy();
  await vi.waitFor(async () =>
    expect((await group.stats()).connections).toBe(clients.filter(({ socket }) => !socket.destroyed).length),
  );
}

const send = (destination: string, text: string, headers: Record<string, string> = {}) =>
  client.confirmed("SEND", { destination, persistent: "true", ...headers }, text);
const bodies = async (queue = name) => (await group.messages(queue)).map(({ text }) => text);

async function texts(one: RawStomp, count: number): Promise<string[]> {
  const received: string[] = [];
  while (received.length < count) received.push((await one.next("MESSAGE")).body);
  return received;
}

describe("a durable STOMP subscription", () => {
  const durable = () => ({
    id: "d",
    destination: `/topic/${name}`,
    ack: "client-individual",
    "activemq.subscriptionName": "news",
  });
  const clientId = () => ({ "client-id": `client-${counter}` });

  it("collects while nobody listens, over a crash too", async () => {
    await start();
    const subscriber = await open(clientId());
    await subscriber.confirmed("SUBSCRIBE", durable());
    await send(`/topic/${name}`, "live");
    const live = await subscriber.next("MESSAGE");
    await subscriber.confirmed("ACK", { id: live.headers["ack"] ?? "" });
    await subscriber.confirmed("UNSUBSCRIBE", { id: "d" });
    await send(`/topic/${name}`, "kept");
    await send(`/topic/${name}`, "kept too");
    await group.failover();
    const next = await open(clientId());
    next.send("SUBSCRIBE", durable());
    expect(await texts(next, 2)).toEqual(["kept", "kept too"]);
    expect((await group.stats()).subscriptions[`client-${counter}.news`]).toMatchObject({ unsettled: 2 });
  });

  it("is deleted with what it collected by an UNSUBSCRIBE with its name", async () => {
    await start(clientId);
    await client.confirmed("SUBSCRIBE", durable());
    client.send("UNSUBSCRIBE", { id: "d", "activemq.subscriptionName": "news", receipt: "r" });
    expect((await client.next("ERROR")).body).toContain("Durable consumer is in use");
    await client.confirmed("UNSUBSCRIBE", { id: "d" });
    await send(`/topic/${name}`, "lost");
    await client.confirmed("UNSUBSCRIBE", { id: "d", "activemq.subscriptionName": "news" });
    await group.failover();
    client = await open(clientId());
    await client.confirmed("SUBSCRIBE", durable());
    await send(`/topic/${name}`, "new");
    expect(await texts(client, 1)).toEqual(["new"]);
    client.send("UNSUBSCRIBE", { id: "x", "activemq.subscriptionName": "never", receipt: "r" });
    expect((await client.next("ERROR")).body).toContain("No durable subscription exists");
  });

  it("is refused to a second consumer, whose connection stays, and free again after a drop", async () => {
    await start(clientId);
    await client.confirmed("SUBSCRIBE", durable());
    const second = await open(clientId());
    second.send("SUBSCRIBE", { ...durable(), receipt: "r" });
    const error = await second.next("ERROR");
    expect(error.headers["receipt-id"]).toBe("r");
    expect(error.body).toMatch(/^amqp:resource-locked: Durable consumer is in use for client: /);
    await drop(client);
    await second.confirmed("SUBSCRIBE", durable());
  });

  it("gets each message once for each, and is begun anew when its topic changes", async () => {
    await start(clientId);
    for (const one of ["news", "other"]) {
      await client.confirmed("SUBSCRIBE", { ...durable(), id: one, "activemq.subscriptionName": one });
    }
    await send(`/topic/${name}`, "a");
    const both = [await client.next("MESSAGE"), await client.next("MESSAGE")];
    expect(new Set(both.map(({ headers }) => headers["subscription"]))).toEqual(new Set(["news", "other"]));
    await client.confirmed("UNSUBSCRIBE", { id: "news" });
    await client.confirmed("SUBSCRIBE", { ...durable(), destination: `/topic/${name}.elsewhere` });
    await send(`/topic/${name}.elsewhere`, "b");
    expect(await client.next("MESSAGE")).toMatchObject({ body: "b", headers: { subscription: "d" } });
  });

  it.each([
    ["a queue", { destination: "/queue/a" }, { "client-id": "c" }, "to a topic"],
    ["a client without client-id", {}, {}, "client-id"],
  ])("is refused to %s", async (_, headers, connect, text) => {
    await start(() => connect);
    client.send("SUBSCRIBE", { ...durable(), ...headers });
    expect((await client.next("ERROR")).body).toContain(text);
  });
});

describe("a STOMP browser", () => {
  it("is shown all there is, takes nothing, and is told the end", async () => {
    await start();
    for (const text of ["a", "b", "c"]) await send(`/queue/${name}`, text);
    client.send("SUBSCRIBE", {
      id: "taker",
      destination: `/queue/${name}`,
      ack: "client-individual",
      "activemq.prefetchSize": "1",
    });
    await client.next("MESSAGE");
    client.send("SUBSCRIBE", {
      id: "b",
      destination: `/queue/${name}`,
      browser: "true",
      ack: "client",
      "activemq.prefetchSize": "1",
    });
    const shown = [await client.next("MESSAGE"), await client.next("MESSAGE"), await client.next("MESSAGE")];
    expect(shown.map(({ body }) => body)).toEqual(["a", "b", "c"]);
    const end = await client.next("MESSAGE");
    expect(end).toMatchObject({
      body: "",
      headers: { subscription: "b", browser: "end", destination: `/queue/${name}` },
    });
    await client.confirmed("UNSUBSCRIBE", { id: "b" });
    expect(await bodies()).toEqual(["a", "b", "c"]);
  });

  it("is told the end of an empty queue", async () => {
    await start();
    await client.confirmed("SUBSCRIBE", { id: "b", destination: `/queue/${name}`, browser: "true" });
    expect((await client.next("MESSAGE")).headers["browser"]).toBe("end");
  });
});

describe("a STOMP temporary queue", () => {
  it("is answered to by others under another name, and gone with its connection", async () => {
    await start();
    await client.confirmed("SUBSCRIBE", { id: "answers", destination: "/temp-queue/answers" });
    await send(`/queue/${name}`, "question", { "reply-to": "/temp-queue/answers" });
    const responder = await open();
    responder.send("SUBSCRIBE", { id: "s", destination: `/queue/${name}` });
    const replyTo = (await responder.next("MESSAGE")).headers["reply-to"]?.replace("\\c", ":") ?? "";
    expect(replyTo).toMatch(/^\/remote-temp-queue\/ID:/);
    await responder.confirmed("SEND", { destination: replyTo }, "answer");
    expect(await client.next("MESSAGE")).toMatchObject({
      body: "answer",
      headers: { destination: "/temp-queue/answers" },
    });
    responder.send("SUBSCRIBE", { id: "thief", destination: replyTo });
    expect((await responder.next("ERROR")).body).toContain("not of this connection");
    await drop(client);
    const late = await open();
    late.send("SEND", { destination: replyTo, receipt: "late" }, "too late");
    expect(await late.next("ERROR")).toMatchObject({
      headers: { "receipt-id": "late" },
      body: expect.stringContaining("is gone"),
    });
    await late.confirmed("SEND", { destination: `/queue/${name}`, persistent: "true" }, "the connection stays");
  });
});

describe("a message group", () => {
  it("goes to one consumer in order, whatever the others could take, until that one leaves", async () => {
    await start();
    const subscribe = { id: "s", destination: `/queue/${name}`, ack: "client-individual" };
    const [one, other] = [await open(), await open()];
    await one.confirmed("SUBSCRIBE", { ...subscribe, "activemq.prefetchSize": "2" });
    await send(`/queue/${name}`, "g1", { JMSXGroupID: "g" });
    await other.confirmed("SUBSCRIBE", subscribe);
    for (const text of ["g2", "g3", "g4"]) await send(`/queue/${name}`, text, { JMSXGroupID: "g" });
    await send(`/queue/${name}`, "free");
    expect(await texts(other, 1)).toEqual(["free"]);
    const first = await one.next("MESSAGE");
    expect([first.body, first.headers["JMSXGroupID"]]).toEqual(["g1", "g"]);
    await one.next("MESSAGE");
    await one.confirmed("ACK", { id: first.headers["ack"] ?? "" });
    expect((await one.next("MESSAGE")).body).toBe("g3");
    await drop(one);
    expect(await texts(other, 3)).toEqual(["g2", "g3", "g4"]);
  });

  it("may go to another consumer once it was closed with the sequence -1", async () => {
    await start();
    const [one, other] = [await open(), await open()];
    const subscribe = { id: "s", destination: `/queue/${name}`, ack: "client-individual" };
    for (const consumer of [one, other]) await consumer.confirmed("SUBSCRIBE", subscribe);
    for (const JMSXGroupSeq of ["1", "2", "-1", "1"]) {
      await send(`/queue/${name}`, JMSXGroupSeq, { JMSXGroupID: "g", JMSXGroupSeq });
    }
    await client.confirmed("SEND", { destination: `/queue/${name}` }, "last");
    await vi.waitFor(() => expect(one.frames.length + other.frames.length).toBe(5));
    const grouped = [one, other].map(({ frames }) =>
      frames.filter(({ body }) => body !== "last").map(({ body }) => body),
    );
    expect(grouped.sort((a, b) => b.length - a.length)).toEqual([["1", "2", "-1"], ["1"]]);
  });
});

describe("what else a STOMP client may ask for", () => {
  it("is scheduled delivery, kept over a crash, to a queue and to a topic", async () => {
    await start();
    const subscribeAll = async () => {
      client = await open({ "client-id": name });
      const durable = { destination: `/topic/${name}`, "activemq.subscriptionName": "s" };
      await client.confirmed("SUBSCRIBE", { id: "t", ack: "client", ...durable });
      await client.confirmed("SUBSCRIBE", { id: "q", destination: `/queue/${name}` });
    };
    await subscribeAll();
    const AMQ_SCHEDULED_TIME = `${Date.now() + 400}`;
    await send(`/queue/${name}`, "to the queue", { AMQ_SCHEDULED_DELAY: "400" });
    await send(`/topic/${name}`, "to the topic", { AMQ_SCHEDULED_TIME });
    await send(`/queue/${name}`, "at once");
    expect(await texts(client, 1)).toEqual(["at once"]);
    expect(await bodies()).toEqual([]);
    await group.failover();
    await subscribeAll();
    const late = [await client.next("MESSAGE"), await client.next("MESSAGE")];
    expect(late.map(({ body }) => body).sort()).toEqual(["to the queue", "to the topic"]);
    expect(Date.now()).toBeGreaterThanOrEqual(Number(AMQ_SCHEDULED_TIME));
    expect(late.flatMap(({ headers }) => Object.keys(headers)).filter((header) => header.startsWith("AMQ_"))).toEqual(
      [],
    );
  });

  it("is the order of priorities", async () => {
    await start();
    for (const [text, priority] of ["low 1", "high 8", "low 1", "high 8"].map((one) => [one, one.slice(-1)] as const)) {
      await send(`/queue/${name}`, text, { priority });
    }
    client.send("SUBSCRIBE", { id: "s", destination: `/queue/${name}` });
    expect(await texts(client, 4)).toEqual(["high 8", "high 8", "low 1", "low 1"]);
  });

  it("is to be the only consumer that gets anything", async () => {
    await start();
    const other = await open();
    await other.confirmed("SUBSCRIBE", { id: "s", destination: `/queue/${name}` });
    await client.confirmed("SUBSCRIBE", { id: "s", destination: `/queue/${name}`, "activemq.exclusive": "true" });
    for (const text of ["a", "b"]) await send(`/queue/${name}`, text);
    expect(await texts(client, 2)).toEqual(["a", "b"]);
    await client.confirmed("UNSUBSCRIBE", { id: "s" });
    await send(`/queue/${name}`, "c");
    expect(await texts(other, 1)).toEqual(["c"]);
  });

  it("is wildcards: of topics, and of queues that come up later", async () => {
    await start();
    await client.confirmed("SUBSCRIBE", { id: "any", destination: `/topic/${name}.>` });
    await client.confirmed("SUBSCRIBE", { id: "word", destination: `/topic/${name}.*.x` });
    await client.confirmed("SUBSCRIBE", { id: "queues", destination: `/queue/${name}.*`, ack: "client-individual" });
    for (const topic of ["", ".a", ".a.x", ".a.b.x"]) await send(`/topic/${name}${topic}`, topic);
    for (const queue of [".a", ".b", ".a.b"]) await send(`/queue/${name}${queue}`, queue);
    const bySubscription: Record<string, string[]> = { any: [], word: [], queues: [] };
    for (let count = 0; count < 7; count++) {
      const { headers, body } = await client.next("MESSAGE");
      bySubscription[headers["subscription"] ?? ""]?.push(body);
      if (headers["ack"]) await client.confirmed("ACK", { id: headers["ack"] });
    }
    expect(bySubscription).toEqual({ any: ["", ".a", ".a.x", ".a.b.x"], word: [".a.x"], queues: [".a", ".b"] });
    expect([await bodies(`${name}.a`), await bodies(`${name}.b`), await bodies(`${name}.a.b`)]).toEqual([
      [],
      [],
      [".a.b"],
    ]);
  });

  it("is a comma list, to send to and to consume from", async () => {
    await start();
    await client.confirmed("SUBSCRIBE", { id: "t", destination: `/topic/${name}` });
    await send(`/queue/${name}.a,${name}.b,topic://${name}`, "all");
    expect((await client.next("MESSAGE")).headers["subscription"]).toBe("t");
    expect([await bodies(`${name}.a`), await bodies(`${name}.b`)]).toEqual([["all"], ["all"]]);
    client.send("SUBSCRIBE", { id: "q", destination: `/queue/${name}.a,${name}.b`, ack: "client-individual" });
    const both = [await client.next("MESSAGE"), await client.next("MESSAGE")];
    expect(both.map(({ headers }) => headers["destination"])).toEqual([`/queue/${name}.a`, `/queue/${name}.b`]);
    await client.confirmed("UNSUBSCRIBE", { id: "q" });
    expect([await bodies(`${name}.a`), await bodies(`${name}.b`)]).toEqual([["all"], ["all"]]);
  });
});
