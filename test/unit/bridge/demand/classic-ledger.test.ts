import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Advisory, ClassicLedger } from "../../../../src/bridge/demand/classic-ledger.ts";
import { MAX_CONSUMERS } from "../../../../src/bridge/demand/max-consumers.ts";
import { formatPattern } from "../../../../src/bridge/routing/pattern.ts";

/** Advisories as Classic sent them one by one over STOMP (6.1.8, xstream 1.4.21 and jettison 1.5.4). */
const SENT = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "..", "..", "vectors", "advisories.json"), "utf8"),
) as Record<string, { readonly destination: string; readonly body: string }>;

const overStomp = (name: string): Advisory => {
  const { destination = "", body = "" } = SENT[name] ?? {};
  return { destination, properties: { consumerCount: "1" }, text: () => body };
};
const overAmqp = (name: string, structure: "ConsumerInfo" | "RemoveInfo", consumerCount: number): Advisory => ({
  destination: `topic://ActiveMQ.Advisory.Consumer.${name}`,
  properties: { ActiveMqDataStructureType: structure, consumerCount },
  text: () => "",
});

function demandedAfter(...advisories: readonly Advisory[]): string[] {
  const ledger = new ClassicLedger(() => true);
  for (const advisory of advisories) ledger.apply(advisory);
  return ledger.demanded().map(formatPattern);
}

describe("advisories over STOMP", () => {
  it("tell of a consumer until the one of that id leaves", () => {
    expect(demandedAfter(overStomp("appears"))).toEqual(["queue://orders.eu"]);
    expect(demandedAfter(overStomp("appears"), overStomp("other leaves"))).toEqual(["queue://orders.eu"]);
    expect(demandedAfter(overStomp("appears"), overStomp("leaves"))).toEqual([]);
  });

  it.each(["browser", "bridge", "network connector", "temporary queue"])("do not count a %s", (name) => {
    expect(SENT[name]).toBeDefined();
    expect(demandedAfter(overStomp(name))).toEqual([]);
  });
});

describe("advisories over AMQP", () => {
  it("tell the number of consumers of a queue, and 0 when the last has left", () => {
    const came = overAmqp("Queue.a", "ConsumerInfo", 2);
    expect(demandedAfter(came)).toEqual(["queue://a"]);
    expect(demandedAfter(came, overAmqp("Queue.a", "RemoveInfo", 1))).toEqual(["queue://a"]);
    expect(demandedAfter(came, overAmqp("Queue.a", "RemoveInfo", 0))).toEqual([]);
  });

  it("are counted for consumers with a wildcard, whose number is always 0", () => {
    const [came, left] = [overAmqp("Topic.p.>", "ConsumerInfo", 0), overAmqp("Topic.p.>", "RemoveInfo", 0)];
    expect(demandedAfter(came, came, left)).toEqual(["topic://p.>"]);
    expect(demandedAfter(came, came, left, left)).toEqual([]);
  });

  it("of more consumers than are kept are an error, and of what is of no interest are not kept", () => {
    const all = new ClassicLedger(() => true);
    const none = new ClassicLedger(() => false);
    const flood = () => {
      for (let n = 0; n <= MAX_CONSUMERS; n += 1) all.apply(overAmqp(`Queue.q${n}`, "ConsumerInfo", 1));
    };
    expect(flood).toThrow("more than 10000 consumers");
    for (let n = 0; n <= MAX_CONSUMERS; n += 1) none.apply(overAmqp(`Queue.q${n}`, "ConsumerInfo", 1));
    expect(none.demanded()).toEqual([]);
  });
});
