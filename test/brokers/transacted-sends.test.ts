/** Sends in transactions on a real Artemis: each refusal, each size and kind of message, and what the neighbours come to. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { EncodedSend } from "../../src/adapters/stomp/messages/encoded-send.ts";
import { openStompSession } from "../../src/adapters/stomp/open-session.ts";
import { dialectOf } from "../../src/adapters/stomp/opening/broker.ts";
import { connect } from "../../src/connect/connect.ts";
import type { ConnectionOptions } from "../../src/connect/connect-options.ts";
import type { Connection } from "../../src/messaging/connection/connection.ts";
import type { MessageBody } from "../../src/messaging/messages/outgoing-message.ts";
import type { Delivery } from "../../src/messaging/receiving/deliveries/delivery.ts";
import type { SendOptions } from "../../src/messaging/sending/call-options.ts";
import { TestSend } from "../unit/adapters/stomp/messaging-steps.ts";
import { SETTINGS } from "../unit/adapters/stomp/stomp-peer.ts";
import { type Protocol, RESTRICTED_CREDENTIALS, type RealGroup, startGroup } from "./real-group.ts";

const PROTOCOLS: readonly Protocol[] = ["stomp", "amqp"];
const numbers = (count: number) => Array.from({ length: count }, (_, n) => `${n}`);

let group: RealGroup;
beforeAll(async () => {
  group = await startGroup("artemis");
}, 600_000);
afterAll(() => group?.close());

const connections: Connection[] = [];
afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close({ drainTimeoutMs: 200 })));
});

async function open(protocol: Protocol, options: ConnectionOptions = {}) {
  const connection = await connect(group.uri(protocol), { credentials: group.credentials, ...options });
  connections.push(connection);
  const losses: string[] = [];
  connection.on("interrupted", ({ cause }) => losses.push(cause.message));
  return { connection, losses };
}

/** What is in a queue, taken out of it, until it is quiet. */
async function drain(protocol: Protocol, queue: string, quietMs = 500): Promise<Delivery["message"][]> {
  const { connection } = await open(protocol);
  const consumer = connection.consume(queue);
  const messages: Delivery["message"][] = [];
  await consumer.ready;
  for (;;) {
    const delivery = await consumer.receive({ timeoutMs: quietMs });
    if (delivery === undefined) break;
    messages.push(delivery.message);
    await delivery.accept();
  }
  await connection.close();
  return messages;
}

async function texts(protocol: Protocol, queue: string, quietMs?: number): Promise<string[]> {
  return (await drain(protocol, queue, quietMs)).map((message) => message.text());
}

/** The outcomes of sends that are all made at once, in order. */
function outcomes(sends: readonly Promise<unknown>[]): Promise<string[]> {
  return Promise.all(
    sends.map((send) =>
      send.then(
        () => "confirmed",
        (reason: { code: string }) => reason.code,
      ),
    ),
  );
}

describe.each(PROTOCOLS)("sends to Artemis over %s", (protocol) => {
  it.each(["plain", "paged"])("are stored once and in order, a thousand at a time (%s)", async (prefix) => {
    const queue = `queue://${prefix}.many.${protocol}`;
    const { connection, losses } = await open(protocol);
    const bodies = numbers(3_000);
    await Promise.all(bodies.map((body) => connection.send(queue, body)));
    expect(await texts(protocol, queue)).toEqual(bodies);
    expect(losses).toEqual([]);
  });

  it("reject alone where the user may not send, and their neighbours are stored once and in order", async () => {
    const { connection, losses } = await open(protocol, { credentials: RESTRICTED_CREDENTIALS });
    const queue = `queue://open.neighbours.${protocol}`;
    const bodies = numbers(300);
    const isBad = (body: string) => Number(body) % 50 === 7;
    const to = (body: string) => (isBad(body) ? `queue://forbidden.${body}.${protocol}` : queue);
    expect(await outcomes(bodies.map((body) => connection.send(to(body), body)))).toEqual(
      bodies.map((body) => (isBad(body) ? "SEND_REJECTED" : "confirmed")),
    );
    expect(await texts(protocol, queue)).toEqual(bodies.filter((body) => !isBad(body)));
    // Over STOMP each refusal is the end of a session, and no more than that.
    expect(losses.length).toBeLessThanOrEqual(protocol === "stomp" ? 6 : 0);
  });

  it("reject as retryable what a full address refuses, and keep everything that they confirm", async () => {
    const { connection } = await open(protocol);
    const queue = `queue://limited.refused.${protocol}`;
    const bodies = numbers(60);
    const filling = "x".repeat(30_000);
    const results = await outcomes(bodies.map((body) => connection.send(queue, `${body} ${filling}`)));
    expect(new Set(results)).toEqual(new Set(["confirmed", "SEND_REJECTED"]));
    const stored = (await texts(protocol, queue)).map((text) => text.split(" ", 1)[0]);
    expect(stored).toEqual(bodies.filter((_, n) => results[n] === "confirmed"));
    await connection.send(queue, "room again");
    expect(await texts(protocol, queue)).toEqual(["room again"]);
  });

  it("wait where a full address makes producers wait, and go on when it has room", async () => {
    const { connection, losses } = await open(protocol);
    const queue = `queue://blocking.waits.${protocol}`;
    const bodies = numbers(400).map((body) => `${body} ${"x".repeat(5_000)}`);
    const sends = Promise.all(bodies.map((body) => connection.send(queue, body)));
    expect(await texts(protocol, queue, 2_000)).toEqual(bodies);
    await sends;
    expect(losses).toEqual([]);
  });

  it("are confirmed and gone where a full address drops them, as the broker's owner chose", async () => {
    const { connection, losses } = await open(protocol);
    const queue = `queue://dropping.${protocol}`;
    const bodies = numbers(200).map((body) => `${body} ${"x".repeat(5_000)}`);
    await Promise.all(bodies.map((body) => connection.send(queue, body)));
    const stored = await texts(protocol, queue);
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.length).toBeLessThan(bodies.length);
    expect(bodies.filter((body) => stored.includes(body))).toEqual(stored);
    expect(losses).toEqual([]);
  });

  it.each([
    ["larger than a journal file", 12 * 1024 * 1024, {}],
    ["that Artemis keeps in a file of its own", 150_000, {}],
    ["of the largest size that goes in a transaction over AMQP", 64 * 1024, {}],
    ["of one byte more", 64 * 1024 + 1, {}],
    ["that is not persistent", 100, { persistent: false }],
    ["that is handed out later", 100, { delayMs: 500 }],
    ["with an end of life", 100, { ttlMs: 60_000 }],
    ["with headers of 80 KiB", 100, { properties: { long: "h".repeat(protocol === "stomp" ? 60_000 : 80_000) } }],
  ] as readonly (readonly [string, number, SendOptions])[])(
    "keep their place beside a message %s, on an address that pages too",
    async (_, bytes, options) => {
      const { connection, losses } = await open(protocol);
      for (const prefix of ["plain", "paged"]) {
        const queue = `queue://${prefix}.sized.${protocol}.${bytes}.${Object.keys(options).join()}`;
        const special: MessageBody = Buffer.alloc(bytes, "b");
        const sends = [connection.send(queue, "before"), connection.send(queue, special, options)];
        await Promise.all([...sends, connection.send(queue, "after")]);
        const found = await drain(protocol, queue, options.delayMs ? 2_000 : undefined);
        const shown = found.map((message) => (message.kind === "text" ? message.text() : message.bytes().length));
        const expected = options.delayMs ? ["before", "after", bytes] : ["before", bytes, "after"];
        expect(shown).toEqual(expected);
      }
      expect(losses).toEqual([]);
    },
    120_000,
  );

  it("are stored once when an id is used again, in a crowd and alone, and the session goes on", async () => {
    const { connection, losses } = await open(protocol);
    const queue = `queue://paged.again.${protocol}`;
    const ids = numbers(100).map((n) => `${protocol}-again-${n}`);
    await Promise.all(ids.map((id) => connection.send(queue, id, { id })));
    await Promise.all(ids.map((id, n) => connection.send(queue, id, n % 3 === 0 ? { id } : { id, persistent: true })));
    await connection.send(queue, "again", { id: ids[5] ?? "" });
    await connection.send(queue, "last");
    expect(await texts(protocol, queue)).toEqual([...ids, "last"]);
    expect(losses).toEqual([]);
  });

  it("outside of a transaction of the user's are stored before it, when they were sent before it was committed", async () => {
    const { connection } = await open(protocol);
    const queue = `queue://plain.before.${protocol}`;
    const before = numbers(700).map((body) => connection.send(queue, body));
    await connection.transaction(async (transaction) => {
      await transaction.send(queue, "in the transaction");
    });
    await Promise.all(before);
    await connection.send(queue, "after");
    expect(await texts(protocol, queue)).toEqual([...numbers(700), "in the transaction", "after"]);
  });
});

describe("a member that Artemis cannot read, over STOMP,", () => {
  it("confirms nothing of its transaction, though Artemis confirms the commit and stores the others", async () => {
    const endpoint = { scheme: "stomp", ...group.endpoint("a", "stomp"), options: {} } as const;
    const open = openStompSession({ ...SETTINGS, credentials: () => group.credentials, heartbeatMs: 2_000 });
    const openOne = () => open(endpoint, { signal: AbortSignal.timeout(10_000), turn: async () => {} });
    const first = await openOne();
    const known = new TestSend("known", {}, "queue://plain.malformed");
    first.send(known);
    await known.outcome;
    const sends = numbers(20).map((body) => new TestSend(body, {}, "queue://plain.malformed"));
    const bad = sends[7] as TestSend;
    // What this package would not write.
    const lines = "destination:plain.malformed\ndestination-type:ANYCAST\npersistent:true\npriority:high\n";
    const dialect = dialectOf(first.broker);
    bad.encoded = { dialect, version: "1.2", lines, body: Buffer.from("7") } satisfies EncodedSend;
    for (const send of sends) first.send(send);
    expect((await first.ended).error).toMatchObject({ code: "SESSION_LOST" });
    expect(sends.flatMap((send) => send.outcomes)).toEqual([]);
    // As messaging does: whatever was written and not answered is in doubt, and goes again.
    const second = await openOne();
    for (const send of sends) send.inDoubt = true;
    for (const send of sends) second.send(send);
    expect(await bad.outcome).toMatchObject({ kind: "failed", error: { code: "SEND_REJECTED" } });
    await second.ended;
    const third = await openOne();
    const left = sends.filter((send) => send.outcomes.length === 0);
    for (const send of left) third.send(send);
    await Promise.all(left.map((send) => send.outcome));
    await third.close(AbortSignal.timeout(2_000));
    expect(await texts("stomp", "queue://plain.malformed")).toEqual(["known", ...numbers(20).filter((n) => n !== "7")]);
  });
});
