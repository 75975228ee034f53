/**
 * Detects connectors that stay away and has their broker restarted: a connector of Classic can die silently and never
 * try again (activemq#1864). The run reports how often this was necessary.
 */
import type { ProbedConnector } from "../../src/topology/probe/probe-topology.ts";

/**
 * Longer than a healthy connector needs: it waits out Java's connection time-out of 30 s at a silent host (35 s were
 * measured), and then tries the next address.
 */
export const CONNECTOR_LIMIT_MS = 60_000;

export class ConnectorWatchdog {
  readonly #restart: (connector: ProbedConnector) => void;
  readonly #since = new Map<string, number>();
  readonly #acted: string[] = [];

  constructor(restart: (connector: ProbedConnector) => void) {
    this.#restart = restart;
  }

  /** The connectors whose broker was restarted, in order. */
  get acted(): readonly string[] {
    return this.#acted;
  }

  /**
   * Call it with the connectors that are missing now. If one was missing at every call during the whole limit, its
   * broker is restarted.
   */
  note(missing: readonly ProbedConnector[], nowMs: number): void {
    const names = new Set(missing.map(nameOf));
    for (const name of this.#since.keys()) if (!names.has(name)) this.#since.delete(name);
    for (const connector of missing) {
      const name = nameOf(connector);
      const since = this.#since.get(name) ?? nowMs;
      this.#since.set(name, since);
      if (nowMs - since < CONNECTOR_LIMIT_MS) continue;
      // After a restart the connector has the whole limit again.
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
