/**
 * A program in the client's own host that delays the traffic to the members, because the kernel's own latency (netem)
 * is not available everywhere.
 */
import { type FaultProxy, faultProxy } from "../../../src/testing/fault-proxy.ts";
import { serveCalls } from "./serve-calls.ts";

const proxies: FaultProxy[] = [];

const operations = {
  /** Resolves with the loopback port in this host that leads to each target. */
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
