/** Messages of unusual shapes over AMQP on real brokers: each arrives unchanged, or is reported as unreadable. */
import { once } from "node:events";
import rhea, { type Connection as RheaConnection } from "rhea";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../src/connect/connect.ts";
import type { Connection } from "../../src/messaging/connection/connection.ts";
import type { ReceivedMessage } from "../../src/messaging/messages/received-message.ts";
import { string, symbol } from "./raw-amqp.ts";
import { type Product, type RealGroup, startGroup } from "./real-group.ts";

const PRODUCTS: readonly Product[] = ["classic", "artemis"];
const PATIENCE_MS = 20_000;
const LAST = "behind it";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const section = (code: number, value: Buffer) => Buffer.concat([hex("0053"), Buffer.from([code]), value]);
const value = (encoded: Buffer) => section(0x77, encoded);
const described = (descriptor: string, encoded: Buffer) => Buffer.concat([hex("00"), symbol(descriptor), encoded]);
function compound(code: number, items: readonly Buffer[], count = items.length): Buffer {
  const bytes = Buffer.concat(items);
  const head = Buffer.alloc(9);
  head.writeUInt8(code, 0);
  head.writeUInt32BE(bytes.length + 4, 1);
  head.writeUInt32BE(count, 5);
  return Buffer.concat([head, bytes]);
}
const list = (...items: Buffer[]) => compound(0xd0, items);
const map = (...items: Buffer[]) => compound(0xd1, items);
const array = (count: number, ...parts: Buffer[]) => compound(0xf0, parts, count);
const X = value(string("x"));

/** Each case has the text that arrives, or the text of the warning. */
const SHAPES: readonly (readonly [what: string, bytes: Buffer, expected: string | RegExp])[] = [
  ["a described value in a map", value(map(string("a"), described("u:d", string("x")))), '{"a":"x"}'],
  ["a described map", value(described("u:d", map(string("a"), hex("5405")))), '{"a":5}'],
  ["a value described twice", value(described("a:b", described("c:d", string("z")))), "z"],
  ["an array of described strings", value(array(2, hex("00"), symbol("t:x"), hex("a1 0161 0162"))), '["a","b"]'],
  ["the largest ulong", value(hex("80 ffffffffffffffff")), "18446744073709551615"],
  ["a decimal", value(hex("74 30800001")), "0.0001"],
  ["a char", value(hex("73 0001f600")), "\u{1f600}"],
  ["a uuid", value(hex(`98 ${"01".repeat(16)}`)), "01010101-0101-0101-0101-010101010101"],
  ["NaN", value(hex("72 7fc00000")), "NaN"],
  ["a map with the key __proto__", value(map(string("__proto__"), string("1"))), '{"__proto__":"1"}'],
  ["a footer", Buffer.concat([X, section(0x78, map(symbol("f"), string("q")))]), "x"],
  ["a section named in words", Buffer.concat([hex("00"), symbol("amqp:amqp-value:*"), string("x")]), "x"],
  ["a section that there is none of", Buffer.concat([section(0x79, map()), X]), /section/],
  ["a data section that is a string", section(0x75, string("a")), /data section that is not binary/],
  ["a text that is cut off", value(hex("a1 05 616263")), /cut off/],
  ["more lists in each other than the stack takes", value(nested(2_000)), /within more than/],
];

function nested(depth: number): Buffer {
  let inner = string("x");
  for (let n = 0; n < depth; n++) inner = list(inner);
  return inner;
}

describe.each(PRODUCTS)("a message over AMQP on %s that is", (product) => {
  let group: RealGroup;
  let connection: Connection;
  let bare: RheaConnection;
  const warnings: string[] = [];
  let names = 0;

  beforeAll(async () => {
    group = await startGroup(product);
    connection = await connect(group.uri("amqp"), { credentials: group.credentials });
    connection.on("warning", ({ code, message }) => warnings.push(`${code} ${message}`));
    bare = rhea.create_container().connect({ ...group.endpoint("a", "amqp"), ...group.credentials, reconnect: false });
    await once(bare, "connection_open");
  }, 600_000);
  afterAll(async () => {
    await connection?.close({ drainTimeoutMs: 200 });
    const closed = bare && once(bare, "connection_close");
    bare?.close();
    await closed;
    await group?.close();
  });

  it.each(SHAPES)("%s arrives as that or is told, and the next one arrives", async (_, bytes, expected) => {
    warnings.length = 0;
    const name = `open.odd.${++names}`;
    const sender = bare.open_sender({
      target: { address: product === "classic" ? `queue://${name}` : name, capabilities: ["queue"] },
    } as never);
    await once(sender, "sendable");
    // Format 0, AMQP's own: rhea writes the bytes as they are.
    sender.send(bytes as never, undefined, 0);
    await once(sender, "accepted");
    sender.close();
    await connection.send(`queue://${name}`, LAST);
    const received: ReceivedMessage[] = [];
    const patience = performance.now() + PATIENCE_MS;
    const consumer = connection.consume(`queue://${name}`);
    // In any order, because Classic delivers persistent messages first.
    while (received.length + warnings.length < 2) {
      const delivery = await consumer.receive({ timeoutMs: 1_000 });
      if (delivery) received.push(delivery.message);
      await delivery?.accept();
      if (performance.now() > patience) break;
    }
    await consumer.close();
    const texts = received.map((message) => message.text());
    if (typeof expected === "string") expect([texts.sort(), warnings]).toEqual([[expected, LAST].sort(), []]);
    else {
      expect(texts).toEqual([LAST]);
      expect(warnings).toEqual([
        expect.stringMatching(new RegExp(`^UNREADABLE_MESSAGE .*${name} .*${expected.source}`)),
      ]);
    }
  });
});
