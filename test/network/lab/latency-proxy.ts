/** A program that stands before the members, in the client's own host, and delays what passes: the kernel's own latency (netem) is not to be had everywhere. */
import { type FaultProxy, faultProxy } from "../../../src/testing/fault-proxy.ts";
import { serveCalls } from "./serve-calls.ts";

const proxies: FaultProxy[] = [];

const operations = {
  /** Resolves with the port, on the loopback of this host, that leads to each target. */
  async lead(targets: readonly { readonly host: string; readonly port: number }[]): Promise<number[]> {
    for (const target of targets) proxies.push(await faultProxy(target));
    return proxies.map(({ port }) => port);
  },

  delay(msEachWay: number): void {
    for (const proxy of proxies) proxy.delay(msEachWay);
  },
};
export type LatencyProxyOperations = typeof operations;

serveCalls(operations);
