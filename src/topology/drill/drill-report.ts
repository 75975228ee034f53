/** The result of a drill. */
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
  /** Its state before the fault. */
  readonly before: MemberState;
  /** The state that the simulation predicted. */
  readonly predicted: MemberState;
  /** The state that was measured after the fault. */
  readonly measured: MemberState;
  /** Whether the predicted and the measured state are the same. */
  readonly agrees: boolean;
}

/** The result of a drill. Its own `members`, `load` and `reach` are the measured ones; renderTopology can draw them. */
export interface DrillReport extends NetworkState {
  /** The fault that was caused. */
  readonly fault: "kill" | "cut";
  /** The hosts that failed. */
  readonly hosts: readonly string[];
  /** The state of the network before the fault. */
  readonly before: NetworkState;
  /** The simulated outcome, which starts from the members that were active before. */
  readonly predicted: Simulation;
  /** One row for each member, in the order of the description. */
  readonly rows: readonly DrillMember[];
  /**
   * Connectors that were up before, should have come back, and did not; empty if all came back or the brokers do not
   * report connectors.
   */
  readonly missing: readonly ProbedConnector[];
  /**
   * Time from the fault until every group that needed a takeover had an active member; undefined if none needed one, or
   * one never had.
   */
  readonly takeoverMs: number | undefined;
  /**
   * Time until every connector was back, from the fault, or from the healing of a cut; undefined if one was missing at
   * the end.
   */
  readonly connectorsMs: number | undefined;
  /** What was measured after a cut was healed; undefined if none was healed. */
  readonly healed: { readonly rows: readonly DrillMember[]; readonly recoveryMs: number | undefined } | undefined;
  /** Each difference from the prediction, as a sentence; empty if there is none. */
  readonly differences: readonly string[];
}
