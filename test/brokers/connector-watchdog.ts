/**
 * Sees connectors that stay away and has their broker restarted: a connector of Classic can die silently and never try
 * again (activemq#1864). A run says how often it had to act.
 */
import type { ProbedConnector } from "../../src/topology/probe/probe-topology.ts";

/**
 * Longer than a connector needs that is well: it waits out the 30 s of Java's connection time-out at a host that is silent
 * (35 s were seen), and then takes the next address.
 */
export const CONNECTOR_LIMIT_MS = 60_000;

export class ConnectorWatchdog {
  readonly #restart: (connector: ProbedConnector) => void;
  readonly #since = new Map<string, number>();
  readonly #acted: string[] = [];

  constructor(restart: (connector: ProbedConnector) => void) {
    this.#restart = restart;
  }

  /** The connectors for which it had a broker restarted, in order. */
  get acted(): readonly string[] {
    return this.#acted;
  }

  /** Tells which connectors are missing now. One that was missing at every call for the whole limit has its broker restarted. */
  note(missing: readonly ProbedConnector[], nowMs: number): void {
    const names = new Set(missing.map(nameOf));
    for (const name of this.#since.keys()) if (!names.has(name)) this.#since.delete(name);
    for (const connector of missing) {
      const name = nameOf(connector);
      const since = this.#since.get(name) ?? nowMs;
      this.#since.set(name, since);
      if (nowMs - since < CONNECTOR_LIMIT_MS) continue;
      // It has the whole limit again after the restart.
      this.#since.set(name, nowMs);
      this.#acted.push(name);
      console.error(
        `[network] connector ${name} was away for ${CONNECTOR_LIMIT_MS} ms: restarting ${connector.from} (activemq#1864)`,
      );
      this.#restart(connector);
    }
  }
}

function nameOf({ name, from, to }: ProbedConnector): string {
  return `${name} from ${from} to ${to}`;
}
