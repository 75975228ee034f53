import { describe, expect, it } from "vitest";
import type { QueueDepth, QueueDepths } from "../../../../src/bridge/watch/queue-depth.ts";
import { lookIntoSource } from "../../../../src/bridge/watch/source-look.ts";
import type { WatchedGroup } from "../../../../src/bridge/watch/watched-group.ts";

const REFUSED = { MasterslavePath: "|south|" };
const OWN = {};

interface Toy {
  readonly product?: string;
  /** What a browser is shown. */
  readonly shown: readonly object[];
  /** Shows no end after that, as Classic does when the next message cannot be encoded. */
  readonly endless?: boolean;
  readonly depth?: QueueDepth | "none" | undefined;
  /** What a browser over STOMP is shown, by number. */
  readonly overStomp?: number;
}

function group(product: string, messages: readonly object[], endless = false): WatchedGroup {
  const connection = {
    broker: { product, version: "1" },
    connect: async () => {},
    close: async () => {},
    async *browse(_queue: string, { signal }: { readonly signal: AbortSignal }) {
      for (const [n, properties] of messages.entries()) yield { id: `ID:${n}`, brokerMessageId: `ID:${n}`, properties };
      if (endless) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
  };
  return { name: "north", id: "north", protocol: "amqp", connection: connection as never };
}

function look({ product = "activemq", shown, endless, depth, overStomp }: Toy) {
  const browser = overStomp === undefined ? undefined : () => group(product, Array(overStomp).fill(OWN));
  return lookIntoSource("q", {
    group: group(product, shown, endless),
    browser,
    path: { from: "north", to: "south", maxHops: 1 },
    ownConsumers: 1,
    depths: { of: async () => depth } as unknown as QueueDepths,
  });
}

const depth = (messages: number, more: Partial<QueueDepth> = {}): QueueDepth => ({
  ...{ messages, delivering: 0, consumers: 1 },
  ...more,
});
const times = (count: number, properties: object): object[] => Array(count).fill(properties);

describe("a look into a queue of Classic of which nothing comes", () => {
  it.each([
    ["an empty queue", { shown: [], depth: depth(0) }],
    ["a queue that is not there", { shown: [], depth: "none" }],
    ["messages that are all not for the link", { shown: times(20, REFUSED), depth: depth(20) }],
    ["a whole page of those and nothing behind it", { shown: times(300, REFUSED), depth: depth(300) }],
    ["a message that has just come", { shown: [OWN], depth: depth(1) }],
    ["199 in front of one for the link", { shown: [...times(199, REFUSED), OWN], depth: depth(200) }],
    ["messages that others may hold", { shown: [], depth: depth(5, { consumers: 2 }) }],
    ["no depth and nothing shown", { shown: [], depth: undefined }],
  ] as const)("finds no trouble in %s", async (_, toy) => {
    expect(await look(toy)).toBeUndefined();
  });

  it("finds 200 in front of one for the link, which the look brings", async () => {
    for (const known of [depth(201), undefined])
      expect(await look({ shown: [...times(200, REFUSED), OWN], depth: known })).toEqual({
        code: "BLOCKED_BY_SELECTOR",
        refused: 200,
        freed: true,
      });
  });

  it("finds that a browser is shown only others, and there is more", async () => {
    expect(await look({ shown: times(400, REFUSED), depth: depth(1_010) })).toEqual({
      code: "BLOCKED_BY_SELECTOR",
      refused: 400,
      freed: false,
    });
  });

  it("finds messages that no browser is shown, though it waits for an end in vain", async () => {
    expect(await look({ shown: [REFUSED], endless: true, depth: depth(3) })).toEqual({
      code: "STUCK_AT_SOURCE",
      stuck: 2,
      names: [],
    });
  });

  it("names them by a look over STOMP, which tells how many there are where the broker does not", async () => {
    for (const known of [depth(3), undefined])
      expect(await look({ shown: [REFUSED], depth: known, overStomp: 3 })).toEqual({
        code: "STUCK_AT_SOURCE",
        stuck: 2,
        names: ["ID:1", "ID:2"],
      });
  });
});

describe("a look into a queue of Artemis of which nothing comes", () => {
  it("finds what the broker gave to the link alone and the link never had", async () => {
    const found = await look({ product: "artemis", shown: [], depth: depth(2, { delivering: 2 }) });
    expect(found).toEqual({ code: "STUCK_AT_SOURCE", stuck: 2, names: [] });
  });

  it("finds a message behind others, which an address that pages hides at any number", async () => {
    const found = await look({ product: "artemis", shown: [REFUSED, OWN], depth: depth(2) });
    expect(found).toEqual({ code: "BLOCKED_BY_SELECTOR", refused: 1, freed: false });
  });
});
