import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { OpenGroup } from "../../../../src/bridge/link/open-group.ts";
import { QueueList } from "../../../../src/bridge/link/queue-list.ts";
import type { SourceRefusal } from "../../../../src/bridge/link/source-consumer.ts";
import { parsePattern } from "../../../../src/bridge/routing/pattern.ts";

/** Rows that the toy broker answers with; a text refuses. */
let rows: readonly Record<string, string>[] | string;
let found: string[];
let refusals: (SourceRefusal | undefined)[];
let list: QueueList | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  [rows, found, refusals] = [[], [], []];
});
afterEach(() => {
  list?.close();
  vi.useRealTimers();
});

const row = (name: string, more: Record<string, string> = {}) => ({
  ...{ name, address: name, routingType: "ANYCAST", temporary: "false" },
  ...more,
});

function make(sources: readonly string[], { product = "artemis", protocol = "amqp" } = {}): QueueList {
  const request = async () => {
    const refused = typeof rows === "string";
    const result = refused ? rows : JSON.stringify({ data: rows, count: rows.length });
    return {
      bytes: () => Buffer.from(JSON.stringify([result])),
      properties: { _AMQ_OperationSucceeded: !refused },
    };
  };
  const connection = { broker: { product }, endpoint: {}, request };
  list = new QueueList({
    group: { name: "n", id: "n", protocol, connection } as unknown as OpenGroup,
    sources: sources.map(parsePattern),
    isRouted: (name) => !name.includes("excluded"),
    onQueue: async ({ name }) => void found.push(name),
    onRefused: (_, refusal) => refusals.push(refusal),
  });
  return list;
}

it("the queues that a wildcard stands for are found once each, and those that are made later too", async () => {
  rows = [row("orders.a"), row("orders.b"), row("other")];
  await make(["queue://orders.>"]).start();
  rows = [...rows, row("orders.c")];
  await vi.advanceTimersByTimeAsync(20_000);
  expect(found).toEqual(["orders.a", "orders.b", "orders.c"]);
});

it("subscriptions, temporary queues, the library's own, excluded ones and those that are named besides are left out", async () => {
  rows = [
    row("a.subscription", { routingType: "MULTICAST" }),
    row("a.named", { address: "a.address" }),
    row("a.temporary", { temporary: "true" }),
    row("a.excluded"),
    row("a.fixed"),
    row("a.*"),
    row("masterslave.canary.l"),
    row("a.yes"),
  ];
  await make(["queue://>", "queue://a.fixed"]).start();
  expect(found).toEqual(["a.yes"]);
});

it("a broker that refuses the list is asked again, and the refusal says which permission is needed", async () => {
  rows = "AMQ229213 no permission";
  await make(["queue://orders.>"]).start();
  expect(refusals.at(-1)).toMatchObject({ final: false, reason: expect.stringContaining("manage") });
  rows = [row("orders.a")];
  await vi.advanceTimersByTimeAsync(5_000);
  expect([refusals.at(-1), found]).toEqual([undefined, ["orders.a"]]);
});

it("over STOMP it is refused for good, without a question that could end the session", async () => {
  await make(["queue://orders.>"], { protocol: "stomp" }).start();
  expect(refusals).toEqual([expect.objectContaining({ final: true })]);
});

it("the wildcards of Classic, and those of topics, are the broker's own", async () => {
  expect(make(["queue://a.>"], { product: "activemq" }).expands(parsePattern("queue://a.>"))).toBe(false);
  expect(make(["topic://a.>"]).expands(parsePattern("topic://a.>"))).toBe(false);
  expect(make(["queue://a.>"]).expands(parsePattern("queue://a.>"))).toBe(true);
});
