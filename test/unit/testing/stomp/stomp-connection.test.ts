import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type EmbeddedGroup, embeddedGroup } from "../../../../src/testing/index.ts";
import { askInVersion, CLASSIC_ANSWERS, passOn } from "../../../support/stomp-versions.ts";
import { RawStomp } from "../raw-stomp.ts";

let group: EmbeddedGroup;
let counter = 0;
let queue: string;
const clients: RawStomp[] = [];

beforeAll(async () => {
  group = await embeddedGroup({ inProcess: true, protocols: ["stomp"], maxMessageBytes: 4 * 1024 * 1024 });
});
afterAll(() => group.close());
afterEach(() => {
  for (const client of clients.splice(0)) client.socket.destroy();
});

const port = () => group.endpoints("stomp")[group.active ?? 0]?.port ?? 0;

async function open(headers: Record<string, string> = {}): Promise<RawStomp> {
  queue = `q${counter}`;
  const client = await RawStomp.open(port(), headers);
  clients.push(client);
  return client;
}

function freshQueue(): string {
  queue = `q${++counter}`;
  return queue;
}

const bodies = async () => (await group.messages(queue)).map(({ text }) => text);

describe("the STOMP handshake", () => {
  it("names itself and speaks 1.2", async () => {
    const client = await RawStomp.dial(port());
    clients.push(client);
    client.send("STOMP", { "accept-version": "1.0,1.1,1.2", host: "any" });
    const { headers } = await client.next("CONNECTED");
    expect(headers).toMatchObject({ version: "1.2", "heart-beat": "0,0" });
    expect(headers["server"]).toMatch(/^masterslave-embedded\/\d+\.\d+\.\d+/);
  });

  it.each([
    ["a version that nobody knows", "CONNECT", { "accept-version": "2.0" }, "Invalid Protocol version[2.0]"],
    ["another frame first", "SEND", { destination: "/queue/a" }, "first frame is CONNECT"],
    ["heart-beats that are none", "CONNECT", { "accept-version": "1.2", "heart-beat": "soon" }, "heart-beat"],
  ])("refuses %s with an ERROR and closes", async (_, command, headers, text) => {
    const client = await RawStomp.dial(port());
    client.send(command, headers);
    expect((await client.next("ERROR")).body).toContain(text);
    await client.closed;
  });

  it.each(CLASSIC_ANSWERS)("answers accept-version %s as Classic does, message and all", async (accepted, answers) => {
    expect(await askInVersion(port(), accepted, { queue: freshQueue() })).toEqual(answers);
    expect(await bodies()).toEqual([]);
  });

  it("passes what a client of 1.0 wrote without escapes on to one of 1.2 with them", async () => {
    expect(await passOn(port(), { queue: freshQueue() })).toBe("a\\cb\\\\d");
  });

  it("takes an UNSUBSCRIBE of STOMP 1.0 by its destination", async () => {
    const client = await open({ "accept-version": "1.0" });
    const destination = `/queue/${freshQueue()}`;
    await client.confirmed("SUBSCRIBE", { destination });
    await client.confirmed("UNSUBSCRIBE", { destination });
    await client.confirmed("SEND", { destination }, "left");
    expect(await bodies()).toEqual(["left"]);
  });

  it("refuses what is no STOMP", async () => {
    const client = await RawStomp.dial(port());
    client.socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n\0");
    expect((await client.next("ERROR")).body).toContain("first frame is CONNECT");
    await client.closed;
  });

  it("takes only the credentials it was started with, as they are, and never repeats them", async () => {
    const credentials = { username: "me", password: "s\\e:cret" };
    const guarded = await embeddedGroup({ inProcess: true, protocols: ["stomp"], members: 1, credentials });
    try {
      const { port: guardedPort = 0 } = guarded.endpoints("stomp")[0] ?? {};
      const known = await RawStomp.open(guardedPort, { login: "me", passcode: "s\\e:cret" });
      known.socket.destroy();
      const unknown = await RawStomp.dial(guardedPort);
      unknown.send("CONNECT", { "accept-version": "1.2", login: "me", passcode: "wrong" });
      const error = await unknown.next("ERROR");
      expect(error.headers["message"]).toContain("invalid");
      expect(JSON.stringify(error)).not.toMatch(/wrong|cret/);
      await unknown.closed;
    } finally {
      await guarded.close();
    }
  });
});

describe("a STOMP sender", () => {
  it("gets its receipt once the message is stored", async () => {
    const client = await open();
    await client.confirmed("SEND", { destination: `/queue/${freshQueue()}`, persistent: "true" }, "hello");
    expect(await group.messages(queue)).toMatchObject([{ text: "hello", kind: "text", persistent: true }]);
  });

  it("carries a large binary body whole", async () => {
    const client = await open();
    const body = Buffer.alloc(3 * 1024 * 1024, 0).map((_, index) => index % 251);
    const destination = `/queue/${freshQueue()}`;
    await client.confirmed("SEND", { destination, "content-length": `${body.length}` }, Buffer.from(body));
    const [stored] = await group.messages(queue);
    expect(stored?.kind).toBe("bytes");
    expect(Buffer.compare(stored?.body ?? Buffer.alloc(0), Buffer.from(body))).toBe(0);
    client.send("SUBSCRIBE", { id: "1", destination });
    const { headers, body: received } = await client.next("MESSAGE");
    expect(headers["content-length"]).toBe(`${body.length}`);
    expect(Buffer.from(received, "latin1").equals(Buffer.from(body))).toBe(true);
  });

  it("carries headers of 60 KiB, and characters split between two writes", async () => {
    const client = await open();
    const long = "é".repeat(30_000);
    const frame = Buffer.from(`SEND\ndestination:/queue/${freshQueue()}\nlong:${long}\nreceipt:r\n\ncafé\0`);
    for (const byte of [frame.indexOf(0xc3) + 1, frame.lastIndexOf(0xc3) + 1]) {
      expect(frame[byte]).toBe(0xa9);
    }
    const cut = frame.indexOf(0xc3) + 1;
    client.socket.write(frame.subarray(0, cut));
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.socket.write(frame.subarray(cut));
    await client.next("RECEIPT");
    expect(await group.messages(queue)).toMatchObject([{ text: "café", properties: { long } }]);
  });

  it("gets receipts in the order of its frames", async () => {
    const client = await open();
    const destination = `/queue/${freshQueue()}`;
    for (let count = 0; count < 50; count++) {
      client.send("SEND", { destination, persistent: `${count % 2 === 0}`, receipt: `${count}` }, `${count}`);
    }
    for (let count = 0; count < 50; count++)
      expect((await client.next("RECEIPT")).headers["receipt-id"]).toBe(`${count}`);
    expect(await bodies()).toEqual(Array.from({ length: 50 }, (_, count) => `${count}`));
  });

  it("is told what is wrong with its selector", async () => {
    const client = await open();
    client.send("SUBSCRIBE", { destination: "/queue/a", id: "1", selector: "a >" });
    expect((await client.next("ERROR")).body).toContain('Invalid selector "a >": It ends too early');
  });

  it.each([
    ["repeated delivery", "SEND", { destination: "/queue/a", AMQ_SCHEDULED_CRON: "* * * * *" }, "repeated delivery"],
    ["temporary topics", "SEND", { destination: "/temp-topic/a" }, "temporary topics"],
    ["sends to wildcards", "SEND", { destination: "/topic/a.>" }, "sends to wildcards"],
    ["maps", "SEND", { destination: "/queue/a", "amq-msg-type": "map" }, "amq-msg-type: map"],
    ["browsing a topic", "SUBSCRIBE", { destination: "/topic/a", id: "1", browser: "true" }, "browsing"],
    [
      "durable subscriptions as Artemis has them",
      "SUBSCRIBE",
      { destination: "/topic/a", id: "1", "durable-subscription-name": "n" },
      "durable subscriptions but as Classic",
    ],
    ["Artemis's wildcard", "SUBSCRIBE", { destination: "/topic/a.#", id: "1" }, "the wildcard #"],
  ])("is refused %s by name", async (_, command, headers, text) => {
    const client = await open();
    client.send(command, { ...headers, receipt: "the-receipt" });
    const error = await client.next("ERROR");
    expect(error.headers["receipt-id"]).toBe("the-receipt");
    expect(error.body).toMatch(/^amqp:not-implemented: /);
    expect(error.body).toContain(text);
    await client.closed;
  });

  it.each([
    ["an unknown command", "PUBLISH", {}, "Unknown command"],
    ["a priority that is none", "SEND", { destination: "/queue/a", priority: "abc" }, "priority"],
    ["no destination", "SEND", {}, "destination"],
    ["an ACK for nothing", "ACK", { id: "1/9" }, "names no unsettled delivery"],
    ["a body past the limit", "SEND", { destination: "/queue/a", "content-length": "5000000" }, "larger than 4194304"],
  ])("is refused %s", async (_, command, headers, text) => {
    const client = await open();
    client.send(command, headers);
    expect((await client.next("ERROR")).body).toContain(text);
    await client.closed;
  });
});

describe("a STOMP subscription", () => {
  const send = (client: RawStomp, ...texts: string[]) =>
    Promise.all(
      texts.map((text) => client.confirmed("SEND", { destination: `/queue/${queue}`, persistent: "true" }, text)),
    );

  it("gets its receipt before its first message, and no more than its prefetch unsettled", async () => {
    const client = await open();
    freshQueue();
    await send(client, "a", "b", "c");
    client.send("SUBSCRIBE", {
      id: "s",
      destination: `/queue/${queue}`,
      ack: "client-individual",
      "activemq.prefetchSize": "2",
      receipt: "r",
    });
    const first = await client.next("MESSAGE");
    expect(client.frames[0]).toMatchObject({ command: "RECEIPT" });
    expect(first).toMatchObject({ body: "a", headers: { subscription: "s", destination: `/queue/${queue}` } });
    const second = await client.next("MESSAGE");
    client.send("ACK", { id: second.headers["ack"] ?? "" });
    expect((await client.next("MESSAGE")).body).toBe("c");
    expect(await bodies()).toEqual(["a", "c"]);
  });

  it("settles up to an ACK in mode client", async () => {
    const client = await open();
    freshQueue();
    await send(client, "a", "b", "c");
    client.send("SUBSCRIBE", { id: "s", destination: `/queue/${queue}`, ack: "client" });
    await client.next("MESSAGE");
    const second = await client.next("MESSAGE");
    await client.confirmed("ACK", { id: second.headers["ack"] ?? "" });
    expect(await bodies()).toEqual(["c"]);
  });

  it("settles by itself in mode auto", async () => {
    const client = await open();
    freshQueue();
    await send(client, "a");
    client.send("SUBSCRIBE", { id: "s", destination: `/queue/${queue}` });
    expect((await client.next("MESSAGE")).headers["ack"]).toBeUndefined();
    expect(await bodies()).toEqual([]);
  });

  it("sends a NACKed message to the dead letter queue", async () => {
    const client = await open();
    freshQueue();
    await send(client, "bad");
    client.send("SUBSCRIBE", { id: "s", destination: `/queue/${queue}`, ack: "client-individual" });
    const { headers } = await client.next("MESSAGE");
    await client.confirmed("NACK", { id: headers["ack"] ?? "" });
    await client.confirmed("SEND", { destination: "/queue/elsewhere", persistent: "true" });
    expect(await bodies()).toEqual([]);
    expect((await group.messages("ActiveMQ.DLQ")).map(({ text }) => text)).toContain("bad");
  });

  it("gives back on UNSUBSCRIBE, in order, and flags what it had handed over", async () => {
    const client = await open();
    freshQueue();
    await send(client, "a", "b", "c");
    const subscribe = { destination: `/queue/${queue}`, ack: "client-individual", "activemq.prefetchSize": "2" };
    client.send("SUBSCRIBE", { id: "s", ...subscribe });
    const stale = await client.next("MESSAGE");
    await client.next("MESSAGE");
    await client.confirmed("UNSUBSCRIBE", { id: "s" });
    client.send("SUBSCRIBE", { id: "s", ...subscribe, "activemq.prefetchSize": "9" });
    const again = [await client.next("MESSAGE"), await client.next("MESSAGE"), await client.next("MESSAGE")];
    expect(again.map(({ body, headers }) => [body, headers["redelivered"]])).toEqual([
      ["a", "true"],
      ["b", "true"],
      ["c", undefined],
    ]);
    client.send("ACK", { id: stale.headers["ack"] ?? "" });
    expect((await client.next("ERROR")).body).toContain("names no unsettled delivery");
  });

  it("gives back when the connection drops, flagged, and keeps the flag only while the member lives", async () => {
    const client = await open();
    freshQueue();
    await send(client, "a");
    const subscribe = { id: "s", destination: `/queue/${queue}`, ack: "client-individual" };
    client.send("SUBSCRIBE", subscribe);
    await client.next("MESSAGE");
    client.socket.destroy();
    const second = await RawStomp.open(port());
    clients.push(second);
    second.send("SUBSCRIBE", subscribe);
    expect((await second.next("MESSAGE")).headers["redelivered"]).toBe("true");
    await group.failover();
    const third = await RawStomp.open(port());
    clients.push(third);
    third.send("SUBSCRIBE", subscribe);
    expect((await third.next("MESSAGE")).headers["redelivered"]).toBeUndefined();
  });

  it("to a topic gets what is published while it lives, and nothing else", async () => {
    const client = await open();
    const destination = `/topic/t${++counter}`;
    await client.confirmed("SEND", { destination }, "before");
    await client.confirmed("SUBSCRIBE", { id: "one", destination });
    await client.confirmed("SUBSCRIBE", { id: "two", destination, ack: "client-individual" });
    await client.confirmed("SEND", { destination }, "now");
    const [first, second] = [await client.next("MESSAGE"), await client.next("MESSAGE")];
    expect([first, second].map(({ body }) => body)).toEqual(["now", "now"]);
    expect(new Set([first, second].map(({ headers }) => headers["subscription"]))).toEqual(new Set(["one", "two"]));
    await client.confirmed("UNSUBSCRIBE", { id: "one" });
    expect((await group.stats()).topics[`t${counter}`]).toEqual({ subscribers: 1, published: 2 });
  });

  it("refuses an id that is in use", async () => {
    const client = await open();
    client.send("SUBSCRIBE", { id: "s", destination: "/queue/other" });
    client.send("SUBSCRIBE", { id: "s", destination: "/queue/other" });
    expect((await client.next("ERROR")).body).toContain('"s" is in use');
  });
});

describe("a STOMP connection", () => {
  it("sends heart-beats, and is dropped when the client sends none", async () => {
    const client = await RawStomp.open(port(), { "heart-beat": "500,50" });
    await client.closed;
    expect(client.heartBeats).toBeGreaterThan(0);
  });

  it("stays while the client beats", async () => {
    const client = await open({ "heart-beat": "100,0" });
    const timer = setInterval(() => client.socket.write("\n"), 30);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await client.confirmed("SEND", { destination: `/queue/${freshQueue()}` }, "still here");
    clearInterval(timer);
    expect(client.socket.destroyed).toBe(false);
  });

  it("ends after the receipt of DISCONNECT", async () => {
    const client = await open();
    await client.confirmed("SEND", { destination: `/queue/${freshQueue()}`, persistent: "true" }, "a");
    await client.confirmed("DISCONNECT");
    await client.closed;
    await vi.waitFor(async () => expect((await group.stats()).connections).toBe(0));
  });
});
