/** A network with a pair, a name server and a client's host. One fault after another is tried on it. */
import { type MemberName, otherMember, type Product, type Protocol } from "../brokers/group-contract.ts";
import type { Scene } from "./faults/fault.ts";
import { type BrokerPair, startPair } from "./lab/broker-pair.ts";
import type { Host } from "./lab/host.ts";
import { NameServer } from "./lab/name-server.ts";
import { createNetwork, type Network } from "./lab/network.ts";

export class Stage implements AsyncDisposable {
  readonly product: Product;
  readonly network: Network;
  readonly pair: BrokerPair;
  readonly names: NameServer;
  readonly clientHost: Host;
  #deadHost: Promise<Host> | undefined;

  private constructor(product: Product, network: Network, pair: BrokerPair, names: NameServer, clientHost: Host) {
    this.product = product;
    this.network = network;
    this.pair = pair;
    this.names = names;
    this.clientHost = clientHost;
  }

  static async start(product: Product): Promise<Stage> {
    const network = await createNetwork();
    try {
      const pair = await startPair(network, product);
      const nameHost = await network.host("names");
      const names = await NameServer.start(nameHost);
      const clientHost = await network.host("client", { nameServers: [nameHost.address] });
      return new Stage(product, network, pair, names, clientHost);
    } catch (reason) {
      await network.close();
      throw reason;
    }
  }

  /** Returns the present state for a fault, which hits the active member. */
  async scene(protocol: Protocol, heartbeatMs: number, cleanUp: Scene["cleanUp"]): Promise<Scene> {
    const { network, pair, names, clientHost } = this;
    const active = await pair.group.waitActive();
    return {
      network,
      pair,
      names,
      protocol,
      heartbeatMs,
      active,
      activeHost: pair.hosts[active],
      standbyHost: pair.hosts[otherMember(active)],
      clientHost,
      port: pair.group.endpoint(active, protocol).port,
      cleanUp,
    };
  }

  /** A host without a broker. */
  deadHost(): Promise<Host> {
    this.#deadHost ??= this.network.host("dead");
    return this.#deadHost;
  }

  /** Restores everything: links up, no packets dropped, both members running. */
  async mend(): Promise<void> {
    const { group, hosts } = this.pair;
    for (const host of [hosts.a, hosts.b, this.clientHost]) {
      await host.heal();
      await host.linkUp();
    }
    for (const member of ["a", "b"] satisfies MemberName[])
      if (group.pid(member) === undefined) await group.start(member);
  }

  async close(): Promise<void> {
    await this.pair.close();
    await this.names.close();
    await this.network.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
