/** A pair of real brokers in two hosts of a network, over a store in a directory that both can reach. */
import type { GroupOptions, Product, RealGroup } from "../../brokers/group-contract.ts";
import { startGroup } from "../../brokers/real-group.ts";
import type { Host } from "./host.ts";
import { HostProgram } from "./host-program.ts";
import type { Network } from "./network.ts";
import type { ObserverOperations } from "./observer.ts";

export interface BrokerPair extends AsyncDisposable {
  /** Its `active` and `waitActive` probe from the observer's host. */
  readonly group: RealGroup;
  readonly hosts: { readonly a: Host; readonly b: Host };
  readonly observer: HostProgram<ObserverOperations>;
  close(): Promise<void>;
}

export type PairOptions = Omit<GroupOptions, "way" | "places" | "probe">;

/**
 * Adds the hosts `broker-a`, `broker-b` and `observer`. Resolves when `a` is active and `b` waits for the lock. The
 * hosts are removed with the network.
 */
export async function startPair(network: Network, product: Product, options: PairOptions = {}): Promise<BrokerPair> {
  const hosts = { a: await network.host("broker-a"), b: await network.host("broker-b") };
  const observer = await HostProgram.start<ObserverOperations>(
    await network.host("observer"),
    new URL("./observer.ts", import.meta.url),
  );
  // The members listen on both kinds of address; the group's URI has the IPv4 addresses.
  const place = ({ prefix, address }: Host) => ({ prefix, host: address, listenOn: "[::]" });
  const group = await startGroup(product, {
    ...options,
    way: "maven",
    places: { a: place(hosts.a), b: place(hosts.b) },
    probe: (...question) => observer.call("probe", ...question),
  });
  const close = async (): Promise<void> => {
    await group.close();
    await observer.close();
  };
  return { group, hosts, observer, close, [Symbol.asyncDispose]: close };
}
