/**
 * Which confirmed messages Artemis loses while an address pages, and how this package prevents that
 * (docs/decisions/0021).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../src/connect/connect.ts";
import type { ConnectionOptions } from "../../src/connect/connect-options.ts";
import type { Connection } from "../../src/messaging/connection/connection.ts";
import { BareSender } from "./bare-sender.ts";
import { drainNumbers, killAt, NumberedLanes, startSlowJournalGroup } from "./early-confirmation.ts";
import { type Protocol, type RealGroup, startGroup } from "./real-group.ts";

const PROTOCOLS: readonly Protocol[] = ["stomp", "amqp"];
/** An address on which every message goes through a page file. */
const PAGED = "queue://paged.early";
const NOT_PAGED = "queue://plain.early";
/** Bare sends are lost nearly every time, but not always. */
const TRIES = 6;

const connections: Connection[] = [];
afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close({ drainTimeoutMs: 200 })));
});

async function open(group: RealGroup, protocol: Protocol, options: ConnectionOptions = {}): Promise<Connection> {
  const connection = await connect(group.uri(protocol), { credentials: group.credentials, ...options });
  connections.push(connection);
  return connection;
}

describe("an address of Artemis that pages, with the active member killed at the moment of a confirmation,", () => {
  let group: RealGroup;
  beforeAll(async () => {
    group = await startSlowJournalGroup();
  }, 600_000);
  afterAll(() => group?.close());

  /**
   * Sends twenty messages at once over a bare socket, and kills the broker at the first receipt. Resolves with the
   * confirmed numbers, and with those found afterwards.
   */
  async function bareKill(queue: string, kind: "single" | "transaction") {
    const sender = await BareSender.open(group);
    const confirmed = sender.send(queue, 20, kind);
    await killAt(group, sender.firstReceipt);
    const found = new Set(await drainNumbers(await open(group, "stomp"), `queue://${queue}`));
    const numbers = await confirmed;
    return { confirmed: numbers.length, lost: numbers.filter((n) => !found.has(n)).length };
  }

  it("loses what it confirmed of single sends with a duplicate id, over a bare socket: a version that does not needs no transactions", async () => {
    let lost = 0;
    for (let n = 0; n < TRIES && lost === 0; n++) lost += (await bareKill(`paged.bare.${n}`, "single")).lost;
    expect(lost).toBeGreaterThan(0);
  });

  it("keeps what it confirmed of a transaction, over a bare socket", async () => {
    expect(await bareKill("paged.bare.transaction", "transaction")).toEqual({ confirmed: 20, lost: 0 });
  });

  it.each([
    ["stomp", 60, "ids of ours"],
    ["amqp", 60, "ids of ours"],
    ["stomp", 1, "ids of ours"],
    ["amqp", 1, "ids of ours"],
    ["stomp", 20, "ids of the caller's"],
  ] as const)(
    "keeps everything that this package confirms, once and in order (%s, window %i, %s)",
    async (protocol, window, ids) => {
      const connection = await open(group, protocol);
      const queues = [
        `${PAGED}.${protocol}.${window}.${ids.length}`,
        `${NOT_PAGED}.${protocol}.${window}.${ids.length}`,
      ];
      const lanes = new NumberedLanes(connection, window, (n) => ({
        to: queues[n % 5 === 0 ? 1 : 0] as string,
        ...(ids === "ids of the caller's" && n % 2 === 0 && { options: { id: `${protocol}-${n}` } }),
      }));
      await sleep(200 + Math.random() * 200);
      await killAt(group, lanes.nextConfirmation());
      // The first send to be confirmed now is one of those that the kill left in doubt.
      await killAt(group, lanes.nextConfirmation());
      await lanes.stop();
      expect(lanes.rejections).toEqual([]);
      const found = await Promise.all(queues.map((queue) => drainNumbers(connection, queue)));
      for (const numbers of found) expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      expect(found.flat().sort((a, b) => a - b)).toEqual(lanes.confirmed.sort((a, b) => a - b));
    },
  );

  it("has the dead letter that reject() over STOMP sends in its place, when the message is gone", async () => {
    const letters = "queue://paged.letters";
    const connection = await open(group, "stomp", { deadLetterDestination: letters });
    await connection.send("queue://plain.rejected", "1");
    const delivery = await connection.consume("queue://plain.rejected").receive({ timeoutMs: 10_000 });
    await killAt(group, delivery?.reject("no good") ?? Promise.reject(new Error("nothing came")));
    expect(await drainNumbers(connection, letters)).toEqual([1]);
  });
});

describe("the paging that begins by itself when the memory of the broker is full", () => {
  let group: RealGroup;
  beforeAll(async () => {
    group = await startGroup("artemis", { jvmOptions: ["-DBROKER_MEMORY=4mb"] });
  }, 600_000);
  afterAll(() => group?.close());

  it.each(PROTOCOLS)("loses nothing that was confirmed, and keeps the order (%s)", async (protocol) => {
    const connection = await open(group, protocol);
    const queue = `queue://filled.${protocol}`;
    const filling = "x".repeat(2_000);
    const lanes = new NumberedLanes(connection, 200, () => ({ to: queue, options: { properties: { filling } } }));
    await sleep(1_500);
    await killAt(group, lanes.nextConfirmation());
    await sleep(300);
    await lanes.stop();
    const numbers = await drainNumbers(connection, queue);
    expect(numbers).toEqual(lanes.confirmed.sort((a, b) => a - b));
  });
});
