/** One mistake of published configurations, made on purpose on real brokers, and what was observed. */
import type { Topology } from "../../../src/topology/description/topology.ts";
import type { NetworkLab } from "../../brokers/topology-lab.ts";

/** What was observed in a run of one mistake. */
export interface Seen {
  /** The observation, in one or two sentences. */
  readonly what: string;
  /** Lines from the brokers' logs, shortened. */
  readonly log: readonly string[];
}

export interface Mistake {
  /** The finding that `check` reports for the network. */
  readonly code: string;
  /** A description of the network, in one sentence. */
  readonly setting: string;
  /** `{MEMBER}` in a URI stands for the host:port of that member's OpenWire acceptor. */
  readonly network: Topology;
  /** Runs once every broker has started. Left out if a broker does not start: then only its log can be observed. */
  readonly watch?: (running: RunningMistake) => Promise<Seen>;
  /** Which log lines of a broker that does not start are shown. */
  readonly failure?: RegExp;
}

export interface RunningMistake {
  readonly lab: NetworkLab;
  /** Returns matching lines of a member's log, without their times, at most `most` of them. */
  logLines(member: string, pattern: RegExp, most?: number): Promise<string[]>;
}

/** Returns a log line as the docs show it: without time, thread and logger, and at most 200 characters long. */
export function plainLine(line: string): string {
  const text = line
    .replace(/^\s*(\[[^\]]*\]\s*)?(INFO|WARN|ERROR)?\s*/, (_all, _thread, level: string | undefined) =>
      level ? `${level} ` : "",
    )
    .replace(/\/\S*?\/masterslave-network-\w+/g, "")
    .replace(/\borg\.apache\.[\w.]*\.(\w+) - /, "$1 - ")
    .replace(/org\.springframework\.[\w.]*\./, "")
    .replace(/127\.0\.0\.\d+/g, "HOST")
    .replace(/:\d{4,5}\b/g, ":PORT");
  return text.length > 220 ? `${text.slice(0, 217)}...` : text;
}
