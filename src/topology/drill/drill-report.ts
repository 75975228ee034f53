/** What a drill tells when it is over. */
import type { ProbedConnector } from "../probe/probe-topology.ts";
import type { MemberState, NetworkState, Simulation } from "../simulate/simulate-topology.ts";

/** One member: what was predicted beside what happened. */
export interface DrillMember {
  /** The member's name. */
  readonly member: string;
  /** Its group. */
  readonly group: string;
  /** Its host. */
  readonly host: string;
  /** What it was before. */
  readonly before: MemberState;
  /** What the simulation said. */
  readonly predicted: MemberState;
  /** What it was. */
  readonly measured: MemberState;
  /** Both are the same. */
  readonly agrees: boolean;
}

/** What a drill found. Its own members, load and reach are the measured ones, and can be drawn by renderTopology. */
export interface DrillReport extends NetworkState {
  /** What was done. */
  readonly fault: "kill" | "cut";
  /** To which hosts. */
  readonly hosts: readonly string[];
  /** The network before. */
  readonly before: NetworkState;
  /** What the simulation said, from the members that were active before. */
  readonly predicted: Simulation;
  /** Member by member, in the order of the description. */
  readonly rows: readonly DrillMember[];
  /** Connectors that were there before, should be there, and were not; empty when all were, or nobody could tell. */
  readonly missing: readonly ProbedConnector[];
  /** From the strike until every group that had to be taken over had an active member; undefined when none had to, or one never had. */
  readonly takeoverMs: number | undefined;
  /** From the strike until every connector was back; for a cut, from the healing. undefined when one was missing at the end. */
  readonly connectorsMs: number | undefined;
  /** After a cut was healed; undefined when it was not. */
  readonly healed: { readonly rows: readonly DrillMember[]; readonly recoveryMs: number | undefined } | undefined;
  /** What was otherwise than predicted, one sentence each; empty when all was as predicted. */
  readonly differences: readonly string[];
}
