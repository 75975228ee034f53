/** Sends that share a transaction on a real Classic: stored once and in order, refused alone, and nothing lost by a kill. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { EncodedSend } from "../../src/adapters/stomp/messages/encoded-send.ts";
import { openStompSession } from "../../src/adapters/stomp/open-session.ts";
import { dialectOf } from "../../src/adapters/stomp/opening/broker.ts";
import { connect } from "../../src/connect/connect.ts";
import type { ConnectionOptions } from "../../src/connect/connect-options.ts";
import type { Connection } from "../../src/messaging/connection/connection.ts";
import { TestSend } from "../unit/adapters/stomp/messaging-steps.ts";
import { SETTINGS } from "../unit/adapters/stomp/stomp-peer.ts";
import { RESTRICTED_CREDENTIALS, type RealGroup, startGroup } from "./real-group.ts";

const opened: Connection[] = [];

async function open(group: RealGroup, options: ConnectionOptions = {}): Promise<Connection> {
  const connection = await connect(group.uri("stomp"), { credentials: group.credentials, ...options });
  opened.push(connection);
  return connection;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((connection) => connection.close({ drainTimeoutMs: 200 })));
});

/** What is in a queue, in order, until it is quiet. */
async function drain(group: RealGroup, queue: string, quietMs = 300): Promise<string[]> {
  const consumer = (await open(group)).consume(queue);
  const texts: string[] = [];
  await consumer.ready;
  for (;;) {
    const delivery = await consumer.receive({ timeoutMs: quietMs });
    if (delivery === undefined) return texts;
    texts.push(delivery.message.text());
    await delivery.accept();
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, number) => `${number}`);

/** Sends each, at most `window` unconfirmed; the outcomes in order. */
async function sendAll(
  send: (body: string) => Promise<unknown>,
  bodies: readonly string[],
  window = 1_000,
): Promise<string[]> {
  const outcomes: string[] = [];
  let next = 0;
  const work = async () => {
    while (next < bodies.length) {
      const number = next++;
      outcomes[number] = await send(bodies[number] as string).then(
        () => "confirmed",
        (reason: { code: string }) => reason.code,
      );
    }
  };
  await Promise.all(Array.from({ length: window }, work));
  return outcomes;
}

describe("group commit on a real Classic", () => {
  let group: RealGroup;
  beforeAll(async () => {
    group = await startGroup("classic", { storeLimit: "40mb" });
  }, 600_000);
  afterAll(() => group?.close());

  it("stores a window of a thousand once, in order", async () => {
    const connection = await open(group);
    const bodies = numbers(3_000);
    const outcomes = await sendAll((body) => connection.send("queue://many", body), bodies);
    expect(new Set(outcomes)).toEqual(new Set(["confirmed"]));
    expect(await drain(group, "queue://many")).toEqual(bodies);
  });

  it("rejects a send that is not allowed alone, and stores its neighbours once", async () => {
    const connection = await open(group, { credentials: RESTRICTED_CREDENTIALS });
    const losses: string[] = [];
    connection.on("interrupted", ({ cause }) => losses.push(cause.message));
    const bodies = numbers(300);
    const isBad = (body: string) => Number(body) % 50 === 7;
    const to = (body: string) => (isBad(body) ? "queue://forbidden" : "queue://open.allowed");
    const outcomes = await sendAll((body) => connection.send(to(body), body), bodies, 100);
    expect(outcomes).toEqual(bodies.map((body) => (isBad(body) ? "SEND_REJECTED" : "confirmed")));
    expect(await drain(group, "queue://open.allowed")).toEqual(bodies.filter((body) => !isBad(body)));
    expect(await drain(group, "queue://forbidden")).toEqual([]);
    expect(losses).toEqual([]);
  });

  it("rejects a send that the broker cannot read alone, and stores its neighbours once", async () => {
    const session = await openStompSession({
      ...SETTINGS,
      ...{ credentials: () => group.credentials, heartbeatMs: 2_000, groupCommit: true },
    })(
      { scheme: "stomp", ...group.endpoint("a", "stomp"), options: {} },
      { signal: AbortSignal.timeout(10_000), turn: async () => {} },
    );
    const sends = numbers(100).map((body) => new TestSend(body, {}, "queue://malformed"));
    const bad = sends[40] as TestSend;
    // What this package would not write.
    const lines = "destination:/queue/malformed\npersistent:true\namq-msg-type:picture\n";
    const dialect = dialectOf(session.broker);
    bad.encoded = { dialect, version: "1.2", lines, body: Buffer.from("40") } satisfies EncodedSend;
    for (const send of sends) session.send(send);
    const outcomes = await Promise.all(sends.map(({ outcome }) => outcome));
    expect(outcomes.map(({ kind }) => kind)).toEqual(sends.map((send) => (send === bad ? "failed" : "confirmed")));
    await session.close(AbortSignal.timeout(2_000));
    expect(await drain(group, "queue://malformed")).toEqual(numbers(100).filter((body) => body !== "40"));
  });

  it("is off once a destination without room has stopped the connection, and then that holds up no other", async () => {
    const connection = await open(group, { heartbeatMs: 1_000 });
    const warned = new Promise((resolve) => connection.once("warning", resolve));
    // One group is more than the destination holds: it waits for itself.
    const body = "x".repeat(2_000);
    const sends = Array.from({ length: 200 }, () => connection.send("queue://blocking.stomp", body));
    expect(await warned).toMatchObject({ code: "GROUP_COMMIT_OFF" });
    await connection.send("queue://free", "goes on");
    // Freed without anybody who takes from it.
    await sends[0];
    expect(await drain(group, "queue://blocking.stomp", 1_000)).toEqual(sends.map(() => body));
    await Promise.all(sends);
  });

  it("loses nothing by a kill in the middle, and keeps the order of what comes first", async () => {
    const connection = await open(group);
    const bodies = numbers(6_000);
    const sent = sendAll((body) => connection.send("queue://killed", body), bodies);
    while (connection.stats().confirmed < 2_000) await new Promise((resolve) => setTimeout(resolve, 5));
    const active = await group.waitActive();
    await group.kill(active);
    expect(new Set(await sent)).toEqual(new Set(["confirmed"]));
    await group.start(active);
    const stored = await drain(group, "queue://killed");
    expect([...new Set(stored)]).toEqual(bodies);
    // A group is stored whole, or not at all: what is there twice was committed and not confirmed.
    expect(stored.length - bodies.length).toBeLessThanOrEqual(connection.stats().resent);
  });

  it("rejects what a full store has no room for, and stores once what it confirms", async () => {
    const connection = await open(group);
    const bodies = numbers(900);
    const filling = "x".repeat(50_000);
    const outcomes = await sendAll((body) => connection.send("queue://full", `${body} ${filling}`), bodies, 100);
    expect(new Set(outcomes)).toEqual(new Set(["confirmed", "SEND_REJECTED"]));
    const stored = (await drain(group, "queue://full")).map((text) => text.split(" ", 1)[0]);
    expect(stored).toEqual(bodies.filter((_, number) => outcomes[number] === "confirmed"));
  });
});
