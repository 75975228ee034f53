/** Real brokers in hosts of a network: who is active is seen from inside it, by both kinds of address. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Product } from "../brokers/group-contract.ts";
import { type BrokerPair, startPair } from "./lab/broker-pair.ts";
import { createNetwork, type Network } from "./lab/network.ts";

describe.each<Product>(["classic", "artemis"])("a pair of %s in two hosts", (product) => {
  let network: Network;
  let pair: BrokerPair;
  beforeAll(async () => {
    network = await createNetwork();
    pair = await startPair(network, product);
  });
  afterAll(async () => {
    await pair?.close();
    await network?.close();
  });

  it("has an active member that answers by IPv4 and IPv6, and a standby that refuses", async () => {
    const { port } = pair.group.endpoint("a", "stomp");
    const ask = (host: string, at: number) =>
      pair.observer.call("probe", { host, port: at }, pair.group.credentials, 5_000);
    expect(await ask(pair.hosts.a.address, port)).toBe("active");
    expect(await ask(pair.hosts.a.address6, port)).toBe("active");
    expect(await ask(pair.hosts.b.address, pair.group.endpoint("b", "stomp").port)).toBe("refused");
  });

  it("takes over when the active host loses power", async () => {
    await pair.hosts.a.linkDown();
    await pair.group.kill("a");
    const settings = {
      protocol: "amqp",
      product,
      endpoint: pair.group.endpoint("b", "amqp"),
      destination: "first",
    } as const;
    const { tries } = await pair.observer.call(
      "firstConfirmation",
      { ...settings, credentials: pair.group.credentials },
      60_000,
    );
    expect(tries).toBeGreaterThan(1);
    expect(await pair.group.active()).toBe("b");
  });
});
