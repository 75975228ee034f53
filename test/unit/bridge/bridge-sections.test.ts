import rhea from "rhea";
import { afterEach, describe, expect, it } from "vitest";
import { readSections } from "../../../src/adapters/amqp/messages/section-reader.ts";
import { createBridge } from "../../../src/bridge/bridge.ts";
import type { BridgeLink } from "../../../src/bridge/config/bridge-config.ts";
import { type EmbeddedGroup, embeddedGroup } from "../../../src/testing/embedded-group.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function groups(): Promise<readonly [EmbeddedGroup, EmbeddedGroup]> {
  const made = await Promise.all([
    embeddedGroup({ inProcess: true, members: 1 }),
    embeddedGroup({ inProcess: true, members: 1 }),
  ]);
  closing.push(...made.map((group) => () => group.close()));
  return made as [EmbeddedGroup, EmbeddedGroup];
}

async function run(
  north: EmbeddedGroup,
  south: EmbeddedGroup,
  target: "amqp" | "stomp",
  link: Partial<BridgeLink> = {},
) {
  const bridge = createBridge({
    groups: { north: { uri: north.uri("amqp") }, south: { uri: south.uri(target) } },
    links: { l: { from: "north", to: "south", include: ["queue://a"], ...link } },
  });
  closing.push(() => bridge.close({ drainTimeoutMs: 200 }));
  await bridge.start();
  return bridge;
}

/** Sends messages with bare rhea, of every type that it can write. */
async function send(group: EmbeddedGroup, messages: readonly rhea.Message[]): Promise<void> {
  const [{ host, port } = { host: "", port: 0 }] = group.endpoints("amqp");
  const connection = rhea.create_container().connect({ host, port, reconnect: false });
  const sender = connection.open_sender("queue://a");
  await new Promise((resolve) => sender.once("sendable", resolve));
  await Promise.all(
    messages.map((message) => {
      const delivery = sender.send(message);
      return new Promise<void>((resolve) =>
        sender.on("accepted", (context) => context.delivery === delivery && resolve()),
      );
    }),
  );
  connection.close();
}

/** Receives messages with bare rhea. */
async function receive(group: EmbeddedGroup, count: number): Promise<rhea.Message[]> {
  const [{ host, port } = { host: "", port: 0 }] = group.endpoints("amqp");
  const connection = rhea.create_container().connect({ host, port, reconnect: false });
  const receiver = connection.open_receiver("queue://a");
  const found: rhea.Message[] = [];
  await new Promise<void>((resolve) => {
    receiver.on("message", ({ message }) => {
      if (message) found.push(message);
      if (found.length === count) resolve();
    });
  });
  connection.close();
  return found;
}

const MAP: rhea.Message = {
  body: { a: 1, b: [true, "x"] },
  correlation_id: rhea.types.wrap_ulong(7) as unknown as string,
  content_type: "application/x-thing",
  message_annotations: {
    "x-opt-jms-msg-type": rhea.types.wrap_byte(2),
    "x-opt-delivery-delay": rhea.types.wrap_long(0),
  },
  application_properties: {
    long: rhea.types.wrap_long(5),
    short: rhea.types.wrap_short(6),
    float: rhea.types.wrap_float(1.5),
    flag: true,
    text: "x",
    scheduledJobId: "job",
  },
};

describe("a link from AMQP to AMQP", () => {
  it("passes bodies, typed properties, the correlation id and the JMS type on as they are encoded", async () => {
    const [north, south] = await groups();
    const bridge = await run(north, south, "amqp", { headers: { add: { origin: "n" }, remove: ["text"] } });
    await send(north, [
      MAP,
      { body: rhea.message.sequence_section([1, "two"]) },
      { body: rhea.message.data_section(Buffer.from("ab")) },
    ]);
    const [map, list, data] = await receive(south, 3);
    expect(map?.body).toEqual(MAP.body);
    expect(map).toMatchObject({ correlation_id: 7, content_type: "application/x-thing" });
    expect(map?.message_annotations).toMatchObject({ "x-opt-jms-msg-type": 2 });
    expect(map?.message_annotations).not.toHaveProperty("x-opt-delivery-delay");
    expect(map?.application_properties).toMatchObject({
      long: 5,
      short: 6,
      float: 1.5,
      flag: true,
      origin: "n",
      MasterslavePath: "|north|",
    });
    for (const gone of ["scheduledJobId", "text"]) expect(map?.application_properties).not.toHaveProperty(gone);
    expect(list?.body).toMatchObject({ typecode: 0x76 });
    expect(data?.body).toMatchObject({ typecode: 0x75 });
    await expect.poll(() => bridge.status().links["l"]?.withoutIdentity).toBe(3);
  });
});

describe("a link from AMQP to STOMP", () => {
  it("makes dead letters, whole, of bodies that are neither text nor bytes, and forwards the rest", async () => {
    const [north, south] = await groups();
    await run(north, south, "stomp");
    await send(north, [{ body: "text" }, MAP, { body: rhea.message.data_section(Buffer.from("ab")) }]);
    await expect.poll(async () => (await south.messages("a")).map(({ text }) => text)).toEqual(["text", "ab"]);
    await expect.poll(() => north.messages("ActiveMQ.DLQ")).toHaveLength(1);
    const [dead] = await north.messages("ActiveMQ.DLQ");
    expect(dead?.properties["MasterslaveReason"]).toContain("UNBRIDGEABLE_BODY");
  });

  it("makes JSON of them when it is told to", async () => {
    const [north, south] = await groups();
    await run(north, south, "stomp", { convert: "json" });
    await send(north, [MAP]);
    await expect.poll(async () => (await south.messages("a")).map(({ text }) => JSON.parse(text))).toEqual([MAP.body]);
  });
});

describe("readSections", () => {
  it("tells text, bytes, nothing and everything else apart, and keeps the body byte for byte", () => {
    const kindOf = (message: rhea.Message) => readSections(rhea.message.encode(message)).kind;
    expect(kindOf({ body: "x" })).toBe("text");
    expect(kindOf({ body: rhea.message.data_section(Buffer.from("x")) })).toBe("bytes");
    expect(kindOf({ body: { a: 1 } })).toBe("other");
    expect(kindOf({ body: rhea.message.sequence_section([1]) })).toBe("other");
    expect(
      kindOf({
        body: rhea.message.data_section(Buffer.from("x")),
        content_type: "application/x-java-serialized-object",
      }),
    ).toBe("other");
    expect(readSections(Buffer.from("00537703", "hex").subarray(0, 0)).kind).toBe("empty");
    expect(readSections(Buffer.from("005377a10178", "hex")).body.toString("hex")).toBe("005377a10178");
  });

  it("throws for bytes that are cut off or no message, and never hangs", () => {
    const whole = rhea.message.encode(MAP);
    for (let length = 1; length < whole.length; length += 1) {
      try {
        readSections(whole.subarray(0, length));
      } catch (reason) {
        expect(reason).toBeInstanceOf(Error);
      }
    }
    expect(() => readSections(Buffer.from("ff", "hex"))).toThrow();
    expect(() => readSections(Buffer.alloc(1000))).toThrow();
  });
});
