import rhea from "rhea";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedGroup, embeddedGroup } from "../../../src/testing/index.ts";
import { outcomeOf, RawAmqp } from "./raw-amqp.ts";
import { RawStomp } from "./raw-stomp.ts";

let group: EmbeddedGroup;
let stomp: RawStomp;
let amqp: RawAmqp;
let counter = 0;

beforeAll(async () => {
  group = await embeddedGroup({ inProcess: true, members: 1 });
  stomp = await RawStomp.open(group.endpoints("stomp")[0]?.port ?? 0);
  amqp = await RawAmqp.open(group.endpoints("amqp")[0]?.port ?? 0);
});
afterAll(async () => {
  stomp.socket.destroy();
  await amqp.close();
  await group.close();
});
afterEach(() => {
  counter++;
});

async function toStomp(message: Record<string, unknown>) {
  expect(await outcomeOf(await amqp.sender(`queue://a${counter}`), message)).toBe("accepted");
  await stomp.confirmed("SUBSCRIBE", { id: `${counter}`, destination: `/queue/a${counter}` });
  return stomp.next("MESSAGE");
}

async function toAmqp(headers: Record<string, string>, body: string | Buffer) {
  await stomp.confirmed("SEND", { destination: `/queue/s${counter}`, ...headers }, body);
  amqp.receiver(`queue://s${counter}`, 1);
  const { message, delivery } = await amqp.next();
  delivery.accept();
  return message;
}

describe("a message sent by AMQP and read by STOMP", () => {
  it("keeps text, properties and fields", async () => {
    const frame = await toStomp({
      durable: true,
      priority: 7,
      message_id: "my-id",
      correlation_id: "c",
      reply_to: "queue://answers",
      content_type: "application/json",
      subject: "s",
      application_properties: { text: "a:b", number: 1.5, flag: true, _AMQ_DUPL_ID: "d" },
      body: "hello",
    });
    expect(frame.body).toBe("hello");
    expect(frame.headers["content-length"]).toBeUndefined();
    expect(frame.headers).toMatchObject({
      persistent: "true",
      priority: "7",
      "amqp-message-id": "my-id",
      "correlation-id": "c",
      "reply-to": "/queue/answers",
      "content-type": "application/json",
      type: "s",
      text: "a\\cb",
      number: "1.5",
      flag: "true",
      _AMQ_DUPL_ID: "d",
    });
  });

  it("keeps bytes", async () => {
    const body = Buffer.from([0, 1, 255]);
    const frame = await toStomp({ body: rhea.message.data_section(body) });
    expect(frame.headers["content-length"]).toBe("3");
    expect(Buffer.from(frame.body, "latin1").equals(body)).toBe(true);
    expect(frame.headers["persistent"]).toBeUndefined();
  });

  it("shows another AMQP value as JSON", async () => {
    expect((await toStomp({ body: { a: [1, true] } })).body).toBe('{"a":[1,true]}');
  });

  it("says when it expires", async () => {
    const before = Date.now();
    const { headers } = await toStomp({ ttl: 60_000, body: "a" });
    expect(Number(headers["expires"])).toBeGreaterThanOrEqual(before + 60_000);
    expect(Number(headers["expires"])).toBeLessThan(before + 120_000);
  });
});

describe("what both protocols name", () => {
  it("is the group of a message, both ways", async () => {
    const frame = await toStomp({ group_id: "g", group_sequence: 3, body: "a" });
    expect(frame.headers).toMatchObject({ JMSXGroupID: "g", JMSXGroupSeq: "3" });
    const message = await toAmqp({ JMSXGroupID: "g", JMSXGroupSeq: "4" }, "a");
    expect(message).toMatchObject({ group_id: "g", group_sequence: 4 });
    expect(message["application_properties"] ?? {}).toEqual({});
  });

  it("is a temporary queue, both ways", async () => {
    const { headers } = await toStomp({ reply_to: "temp-queue://ID:1", body: "a" });
    expect(headers["reply-to"]).toBe("/remote-temp-queue/ID\\c1");
    const message = await toAmqp({ "reply-to": "/temp-queue/answers" }, "a");
    const replyTo = String(message["reply_to"]);
    expect(replyTo).toMatch(/^temp-queue:\/\/ID:/);
    await stomp.confirmed("SUBSCRIBE", { id: "answers", destination: "/temp-queue/answers" });
    expect(await outcomeOf(await amqp.sender(replyTo), { body: "answer" })).toBe("accepted");
    expect(await stomp.next("MESSAGE")).toMatchObject({
      body: "answer",
      headers: { destination: "/temp-queue/answers" },
    });
  });
});

describe("a message sent by STOMP and read by AMQP", () => {
  it("keeps text, properties and fields", async () => {
    const message = await toAmqp(
      {
        persistent: "true",
        priority: "7",
        "correlation-id": "c",
        "reply-to": "/queue/answers",
        "content-type": "text/plain",
        type: "s",
        colour: "red",
        _AMQ_DUPL_ID: "d",
      },
      "hello",
    );
    expect(message).toMatchObject({
      body: "hello",
      durable: true,
      priority: 7,
      message_id: "d",
      to: `queue://s${counter}`,
      correlation_id: "c",
      reply_to: "queue://answers",
      content_type: "text/plain",
      subject: "s",
      application_properties: { colour: "red", _AMQ_DUPL_ID: "d" },
    });
  });

  it("keeps bytes, and has an id of its own where the sender gave none", async () => {
    const body = Buffer.from([0, 1, 255]);
    const message = await toAmqp({ "content-length": "3" }, body);
    expect(Buffer.from((message["body"] as { content: Buffer }).content).equals(body)).toBe(true);
    expect(message).toMatchObject({ durable: false, message_id: expect.stringContaining("ID:masterslave-embedded-") });
  });

  it("says how long it is worth something", async () => {
    const message = await toAmqp({ expires: `${Date.now() + 60_000}` }, "a");
    expect(message["ttl"]).toBeGreaterThan(30_000);
    expect(message["ttl"]).toBeLessThanOrEqual(60_000);
  });
});
