/** What a broker's advisories say of connectors, as Classic 6.3.1 sent them over STOMP and AMQP. */
import { describe, expect, it } from "vitest";
import type { Connection } from "../../../../src/messaging/connection/connection.ts";
import { connectorNews } from "../../../../src/topology/probe/connector-news.ts";

/** A connection whose consumer hands out these bodies, then waits until it is closed. */
function connectionWith(bodies: readonly string[], refuse = false): Connection {
  let close = () => {};
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  async function* deliveries() {
    if (refuse) throw new Error("not authorized to read");
    for (const body of bodies) {
      const message = { text: () => body, properties: { originBrokerName: "B" } };
      yield { message, accept: async () => "settled" };
    }
    await closed;
  }
  const consumer = { [Symbol.asyncIterator]: deliveries, close: async () => close() };
  return { consume: () => consumer } as unknown as Connection;
}

const OWN = '{"ConnectionInfo":{"clientId":"ID:vm-41553-5:1","clientIp":"127.0.0.12"}}';
const STOMP = '{"ConnectionInfo":{"clientId":"A-to-B_A_outbound","clientIp":"tcp://127.0.0.1:44978"}}';
const AMQP = '{"ClientId":"A-to-B_A_outbound","ClientIp":"tcp://127.0.0.1:44978","UserName":null}';
const NEAR_HALF = '{"ClientId":"A-to-B_B_outbound","ClientIp":"vm://A#0"}';

describe("the news of connectors", () => {
  it.each([
    ["STOMP", STOMP],
    ["AMQP", AMQP],
  ])("are read from the advisories that come over %s", async (_protocol, body) => {
    expect(await connectorNews(connectionWith([OWN, body]), 5_000)).toEqual({
      connectors: [{ clientId: "A-to-B_A_outbound", from: "tcp://127.0.0.1:44978" }],
      brokerName: "B",
    });
  });

  it("leave out the half of a connector that is connected to its own broker", async () => {
    expect((await connectorNews(connectionWith([OWN, NEAR_HALF]), 5_000)).connectors).toEqual([]);
  });

  it("are unknown, not empty, when the broker sends not even our own connection", async () => {
    expect((await connectorNews(connectionWith([]), 50)).connectors).toBeUndefined();
  });

  it("are unknown when the subscription is refused", async () => {
    expect((await connectorNews(connectionWith([], true), 5_000)).connectors).toBeUndefined();
  });

  it("pass over bodies that are no JSON, or JSON of another shape", async () => {
    expect((await connectorNews(connectionWith(["<xml/>", "null", "7", "[]", AMQP]), 5_000)).connectors).toHaveLength(
      1,
    );
  });
});
