/** Checks a description for everything that is known to go wrong. */
import type { Finding } from "../../config/finding.ts";
import { documentOf } from "../description/read-topology.ts";
import type { Topology } from "../description/topology.ts";
import { networkOf } from "../network/network.ts";
import { RULES } from "./rule-table.ts";

/** The options of `check`. */
export interface CheckTopologyOptions {
  /** Codes of findings to leave out; none when left out. */
  readonly ignore?: readonly string[] | undefined;
}

/** Returns the findings, in the order of the rules; docs/topology-findings.md lists them. Never throws. */
export function checkTopology(topology: Topology, { ignore = [] }: CheckTopologyOptions = {}): Finding[] {
  const network = networkOf(topology);
  const document = documentOf(topology);
  const findings: Finding[] = [];
  for (const { code, severity, find } of RULES) {
    if (ignore.includes(code)) continue;
    for (const violation of find(network)) findings.push(document.finding({ code, severity, ...violation }));
  }
  return findings;
}
