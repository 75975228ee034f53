/**
 * The kinds of master/slave pair: whether the members share a store, and whether the first one becomes active again
 * when it is back.
 */
import { LOG_LINES, type MemberName, type PairKind, type Product } from "./group-contract.ts";

/** The role that a member's log reported last. */
export type MemberState = "active" | "standby" | undefined;

interface KindSettings {
  /** The file of config/ha/ for each member. */
  readonly policies: Readonly<Record<MemberName, string>>;
  /** The members find each other by a cluster connection. */
  readonly clustered: boolean;
  /** Each member has its own store, and they replicate. */
  readonly ownStores: boolean;
  /** `a` becomes active again when it is back. */
  readonly failback: boolean;
}

const KINDS: Readonly<Record<PairKind, KindSettings>> = {
  "shared-store": {
    policies: { a: "shared-store", b: "shared-store" },
    clustered: false,
    ownStores: false,
    failback: false,
  },
  "shared-store-failback": {
    policies: { a: "shared-store", b: "shared-store-backup" },
    clustered: true,
    ownStores: false,
    failback: true,
  },
  replicated: {
    policies: { a: "replicated-primary", b: "replicated-backup" },
    clustered: true,
    ownStores: true,
    failback: false,
  },
  "replicated-failback": {
    policies: { a: "replicated-primary", b: "replicated-backup" },
    clustered: true,
    ownStores: true,
    failback: true,
  },
};

export function settingsOf(kind: PairKind): KindSettings {
  return KINDS[kind];
}

/** Throws when the product has no such kind of pair here. */
export function requireKind(product: Product, kind: PairKind): void {
  if (product === "classic" && kind !== "shared-store") {
    throw new Error(`A pair of Classic shares its store and does not fail back; "${kind}" is a pair of Artemis`);
  }
}

export interface LogLines {
  readonly standbyLine: RegExp;
  readonly activeLine: RegExp;
}

/** "Backup announced" is logged once a replicated standby is in sync, and once a standby of a shared store waits for the lock. */
const CLUSTER_LOG_LINES: LogLines = { standbyLine: /AMQ221031/, activeLine: /AMQ221007|AMQ221010/ };

export function logLinesOf(product: Product, kind: PairKind): LogLines {
  return settingsOf(kind).clustered ? CLUSTER_LOG_LINES : LOG_LINES[product];
}

/**
 * Whether the pair has come to rest: one member is active (with failback the first one), and the other could take over.
 */
export function isSettled(kind: PairKind, states: Readonly<Record<MemberName, MemberState>>): boolean {
  if (states.a === "active" && states.b === "standby") return true;
  return !settingsOf(kind).failback && states.a === "standby" && states.b === "active";
}
