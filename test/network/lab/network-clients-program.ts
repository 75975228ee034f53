/** The clients of a network of groups, in a host of their own. */
import type { Topology } from "../../../src/topology/description/topology.ts";
import type { ProbeRequest } from "../../../src/topology/drill/drill-topology.ts";
import { NetworkClients } from "../../brokers/network-clients.ts";
import { serveCalls } from "./serve-calls.ts";

let clients: NetworkClients | undefined;

function present(): NetworkClients {
  if (!clients) throw new Error("Call connect first");
  return clients;
}

const operations = {
  connect(topology: Topology): Promise<void> {
    clients = new NetworkClients(topology);
    return clients.connect();
  },
  seen: () => present().seen(),
  notes: () => present().notes(),
  probe: (what?: ProbeRequest) => present().probe(what),
  transfer: (from: string, to: string, count: number) => present().transfer(from, to, count),
  close: () => present().close(),
};
export type NetworkClientsOperations = typeof operations;

serveCalls(operations);
