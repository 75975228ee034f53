/** A rule of `check`: everything about a finding in one place, from which docs/topology-findings.md is printed. */
import type { ConfigPath, Severity } from "../../config/finding.ts";
import type { Network } from "../network/network.ts";

/** One place where a rule is broken. */
export interface Violation {
  readonly path: ConfigPath;
  /** What was found, in one sentence. */
  readonly message: string;
  /** What to do. */
  readonly advice: string;
}

export interface Rule {
  readonly code: string;
  readonly severity: Severity;
  /** When the rule is broken, in one sentence. */
  readonly condition: string;
  /** The source of the rule: a measurement, the brokers' manual or source. */
  readonly source: string;
  /** The smallest description that breaks the rule. Blocks that it leaves out are those of EXAMPLE_BLOCKS. */
  readonly bad: string;
  /** A similar smallest description that breaks no rule. */
  readonly good: string;
  /** Other rules that a description that breaks this one may break as well. */
  readonly consequences?: readonly string[];
  find(network: Network): Iterable<Violation>;
}

const HOSTS = "hosts: { h1: { address: 10.0.0.1 }, h2: { address: 10.0.0.2 } }";
const GROUPS = `groups:
  A:
    members:
      - { name: a1, host: h1, ports: { openwire: 61616 } }
      - { name: a2, host: h2, ports: { openwire: 61616 } }
  B:
    members:
      - { name: b1, host: h2, ports: { openwire: 61617 } }
      - { name: b2, host: h1, ports: { openwire: 61617 } }`;

/** The blocks that every example has unless it says otherwise: a host pair. */
export const EXAMPLE_BLOCKS: Readonly<Record<string, string>> = { hosts: HOSTS, groups: GROUPS };

/** Returns an example with the blocks it leaves out. */
export function wholeExample(text: string): string {
  const missing = Object.entries(EXAMPLE_BLOCKS).filter(([name]) => !new RegExp(`^${name}:`, "m").test(text));
  return [...missing.map(([, block]) => block), text, ""].join("\n");
}

/** A group A whose members are as given; one line each. */
export function groupA(...members: readonly string[]): string {
  return `groups:\n  A:\n    members:\n${members.map((member) => `      - { ${member} }`).join("\n")}`;
}

/** Names as a list in a sentence: `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
