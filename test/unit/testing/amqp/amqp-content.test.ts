import rhea from "rhea";
import { describe, expect, it } from "vitest";
import { contentFromAmqp, headFromAmqp } from "../../../../src/testing/amqp/amqp-content.ts";
import { findSections } from "../../../../src/testing/amqp/sections.ts";
import { type EmbeddedGroup, embeddedGroup } from "../../../../src/testing/index.ts";
import { outcomeOf, RawAmqp } from "../raw-amqp.ts";
import { RawStomp } from "../raw-stomp.ts";

/** A value section with a typecode that AMQP does not have. */
const UNKNOWN_VALUE = Buffer.of(0x00, 0x53, 0x77, 0xff);
const NULL_VALUE = Buffer.of(0x00, 0x53, 0x77, 0x40);

/** A message with these fields and a body that nobody can decode. */
function undecodable(fields: Parameters<typeof rhea.message.encode>[0] | Record<string, unknown>): Buffer {
  const message = { ...fields, body: null } as Parameters<typeof rhea.message.encode>[0];
  const encoded = rhea.message.encode(message);
  return Buffer.concat([encoded.subarray(0, findSections(encoded).bodyAt), UNKNOWN_VALUE]);
}

const port = (group: EmbeddedGroup, protocol: "amqp" | "stomp") =>
  group.endpoints(protocol)[group.active ?? 0]?.port ?? 0;

describe("an AMQP message whose body cannot be decoded", () => {
  it("keeps its fields and properties, and shows its body as the encoded bytes", () => {
    const body = undecodable({ subject: "s", application_properties: { colour: "red" } });
    expect(contentFromAmqp({ protocol: "amqp", body })).toMatchObject({
      kind: "bytes",
      body: UNKNOWN_VALUE,
      subject: "s",
      properties: { colour: "red" },
    });
  });

  it("is stored, selected by its properties, read over STOMP, and survives a crash of the member", async () => {
    const group = await embeddedGroup({ inProcess: true, members: 2 });
    const clients: RawAmqp[] = [];
    const select = async (selector: string) => {
      const client = await RawAmqp.open(port(group, "amqp"));
      clients.push(client);
      client.receiver({ address: "queue://q", filter: rhea.filter.selector(selector) }, 10);
      return client;
    };
    const send = async (message: unknown, format?: number) => {
      const client = await RawAmqp.open(port(group, "amqp"));
      clients.push(client);
      return outcomeOf(await client.sender("queue://q"), message, format);
    };
    const texts = async () => (await group.messages("q")).map(({ text }) => text);
    try {
      let blue = await select("colour = 'blue'");
      const red = undecodable({ durable: true, application_properties: { colour: "red" } });
      expect(await send(red, 0)).toBe("accepted");
      expect(await send({ durable: true, application_properties: { colour: "blue" }, body: "first" })).toBe("accepted");
      expect((await blue.next()).body).toBe("first");

      expect(await group.crash()).toBe(0);
      await group.takeover();
      blue = await select("colour = 'blue'");
      const { body, delivery } = await blue.next();
      delivery.accept();
      expect(body).toBe("first");
      await expect.poll(texts).toEqual([UNKNOWN_VALUE.toString()]);

      const stomp = await RawStomp.open(port(group, "stomp"));
      await stomp.confirmed("SUBSCRIBE", { id: "1", destination: "/queue/q", selector: "colour = 'red'" });
      const frame = await stomp.next("MESSAGE");
      expect([frame.headers["colour"], frame.headers["content-length"]]).toEqual(["red", `${UNKNOWN_VALUE.length}`]);
      stomp.socket.destroy();
      expect(group.active).toBe(1);
    } finally {
      await Promise.all(clients.map((client) => client.close()));
      await group.close();
    }
  });
});

describe("fields and properties of an AMQP message", () => {
  it("of types that they should not have are shown as text, or left out, and never fail to be read", () => {
    // rhea makes a map an object, so an entry named toString hides the function that String() calls.
    const odd = { toString: "a", valueOf: "b" };
    const body = rhea.message.encode({
      application_properties: { odd, time: rhea.types.wrap_timestamp(0), text: "t" },
      body: "b",
    } as unknown as Parameters<typeof rhea.message.encode>[0]);
    const { properties } = headFromAmqp({ protocol: "amqp", body });
    expect(properties).toMatchObject({ odd: "[object Object]", text: "t" });
    // properties list: message-id as a map, user-id null, to null, subject as a number.
    const id = Buffer.concat([Buffer.of(0xc1, 14, 2, 0xa1, 8), Buffer.from("toString"), Buffer.of(0xa1, 1, 0x61)]);
    const fields = Buffer.concat([id, Buffer.of(0x40, 0x40, 0x52, 7)]);
    const section = Buffer.concat([Buffer.of(0x00, 0x53, 0x73, 0xc0, fields.length + 1, 4), fields, NULL_VALUE]);
    expect(headFromAmqp({ protocol: "amqp", body: section })).toMatchObject({
      messageId: "[object Object]",
      subject: undefined,
    });
  });
});
