import { describe, expect, it } from "vitest";
import { ArtemisLedger } from "../../../../src/bridge/demand/artemis-ledger.ts";
import { formatPattern } from "../../../../src/bridge/routing/pattern.ts";

const BRIDGE = "MasterslavePath IS NULL";

/** Answers and notifications as Artemis 2.55.0 sends them, without the fields that are not read. */
const consumer = (id: string, address: string, more: object = {}) => ({
  row: { id, session: "s", queueType: "anycast", address, filter: "", ...more },
  identity: { sequentialId: Number(id), sessionID: "s", consumerID: Number(id), browseOnly: false, ...more },
});
const queue = (name: string, address: string, more: object = {}) => ({
  name,
  address,
  filter: "",
  routingType: "MULTICAST",
  ...more,
});
const created = (id: number, address: string, routing = address, more: object = {}) => ({
  _AMQ_NotifType: "CONSUMER_CREATED",
  _AMQ_Address: address,
  _AMQ_RoutingName: routing,
  _AMQ_SessionName: "s",
  _AMQ_ConsumerName: id,
  ...more,
});
const closed = (id: number, address: string, routing = address) => ({
  ...created(id, address, routing),
  _AMQ_NotifType: "CONSUMER_CLOSED",
});
const binding = (type: "ADDED" | "REMOVED", address: string, routing: string, more: object = {}) => ({
  _AMQ_NotifType: `BINDING_${type}`,
  _AMQ_Address: address,
  _AMQ_RoutingName: routing,
  ...more,
});

function ledgerOf(
  consumers: readonly ReturnType<typeof consumer>[] = [],
  queues: readonly ReturnType<typeof queue>[] = [],
): ArtemisLedger {
  const ledger = new ArtemisLedger(() => true);
  ledger.begin({
    consumers: consumers.map(({ row }) => row),
    identities: consumers.map(({ identity }) => identity),
    queues,
  });
  return ledger;
}
const namesIn = (ledger: ArtemisLedger) => ledger.demanded().map(formatPattern);

describe("the first answers of Artemis", () => {
  it("tell of consumers of queues, but of no browser and no bridge", () => {
    const browser = consumer("2", "b", { browseOnly: true });
    const bridge = consumer("3", "c", { filter: BRIDGE });
    expect(namesIn(ledgerOf([consumer("1", "a"), browser, bridge]))).toEqual(["queue://a"]);
  });

  it("tell of durable subscriptions whose subscriber is away, and of no bridge's", () => {
    const queues = [
      queue("app.prices", "prices.#"),
      queue("bridge.prices", "other", { filter: BRIDGE }),
      queue("DLQ", "DLQ", { routingType: "ANYCAST" }),
    ];
    expect(namesIn(ledgerOf([], queues))).toEqual(["topic://prices.>"]);
  });

  it("leave out who left before the second answer", () => {
    const { row } = consumer("1", "a");
    const ledger = new ArtemisLedger(() => true);
    ledger.begin({ consumers: [row], identities: [], queues: [] });
    expect(namesIn(ledger)).toEqual([]);
  });
});

describe("a notification", () => {
  it("of a consumer that an answer told of already counts once", () => {
    const ledger = ledgerOf([consumer("1", "a")]);
    ledger.apply(created(1, "a"));
    ledger.apply(closed(1, "a"));
    expect(namesIn(ledger)).toEqual([]);
  });

  it("tells of consumers that come and go, over STOMP as texts, and of no bridge", () => {
    const ledger = ledgerOf();
    ledger.apply(created(1, "a"));
    ledger.apply(created(2, "b", "b", { _AMQ_FilterString: BRIDGE }));
    expect(namesIn(ledger)).toEqual(["queue://a"]);
    ledger.apply({ ...closed(1, "a"), _AMQ_ConsumerName: "1" });
    expect(namesIn(ledger)).toEqual([]);
  });

  it("of a topic is of its subscription: a subscriber that leaves it behind is demand still", () => {
    const ledger = ledgerOf();
    ledger.apply(binding("ADDED", "prices", "app.prices"));
    ledger.apply(created(1, "prices", "app.prices"));
    ledger.apply(closed(1, "prices", "app.prices"));
    expect(namesIn(ledger)).toEqual(["topic://prices"]);
    ledger.apply(binding("REMOVED", "prices", "app.prices"));
    ledger.apply(binding("ADDED", "prices", "uuid", { _AMQ_FilterString: BRIDGE }));
    expect(namesIn(ledger)).toEqual([]);
  });
});
