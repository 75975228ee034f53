import { describe, expect, it } from "vitest";
import type { BridgeConfig, BridgeLink } from "../../../../src/bridge/config/bridge-config.ts";
import { demandProblems, directionsOf, takenBack } from "../../../../src/bridge/demand/demand-problems.ts";
import type { Connection } from "../../../../src/messaging/connection/connection.ts";

const link = (more: Partial<BridgeLink>): BridgeLink => ({ from: "north", to: "south", demand: true, ...more });

function codes(settings: BridgeLink, product: string, protocol: "stomp" | "amqp", others: BridgeConfig["links"] = {}) {
  const config: BridgeConfig = { groups: {}, links: { l: settings, ...others } };
  const [there] = directionsOf("l", settings);
  const connection = { broker: { product } } as unknown as Connection;
  const target = { name: "south", protocol, connection };
  return demandProblems("l", settings, { target, route: there.route, takenBack: takenBack(config, there) }).map(
    ({ code, severity = "error" }) => `${code} ${severity}`,
  );
}

describe("a link with demand", () => {
  const queues = link({ include: ["queue://orders.>"] });

  it("has nothing against it where the broker tells whose consumers are whose", () => {
    for (const [product, protocol] of [
      ["activemq", "stomp"],
      ["artemis", "amqp"],
      ["artemis", "stomp"],
    ] as const)
      expect(codes({ ...queues, duplex: true }, product, protocol)).toEqual([]);
  });

  it("is warned over AMQP on Classic, and refused where the same link or another takes back what it sends", () => {
    const back = (include: string) => ({ back: { from: "south", to: "north", include: [include] } });
    expect(codes(queues, "activemq", "amqp")).toEqual(["DEMAND_COUNTS_ALL warning"]);
    expect(codes({ ...queues, duplex: true }, "activemq", "amqp")).toEqual(["DEMAND_BOTH_WAYS error"]);
    expect(codes(queues, "activemq", "amqp", back("queue://orders.new"))).toEqual(["DEMAND_BOTH_WAYS error"]);
    expect(codes(queues, "activemq", "amqp", back("queue://answers.>"))).toEqual(["DEMAND_COUNTS_ALL warning"]);
    const renamed = {
      ...queues,
      include: ["queue://orders.*"],
      rename: [{ from: "queue://orders.*", to: "queue://eu.$1" }],
    };
    expect(codes(renamed, "activemq", "amqp", back("queue://eu.new"))).toEqual(["DEMAND_BOTH_WAYS error"]);
    expect(codes(renamed, "activemq", "amqp", back("queue://orders.new"))).toEqual(["DEMAND_COUNTS_ALL warning"]);
  });

  it("to a topic on Classic is refused unless durable subscriptions are to be ignored, or the topic is static", () => {
    const topics = link({ include: ["topic://prices.>"] });
    expect(codes(topics, "activemq", "stomp")).toEqual(["DURABLE_DEMAND error"]);
    expect(codes({ ...topics, durableDemand: "ignore" }, "activemq", "stomp")).toEqual([]);
    expect(codes(link({ static: ["topic://prices"] }), "activemq", "stomp")).toEqual([]);
    expect(codes(topics, "artemis", "amqp")).toEqual([]);
  });
});
