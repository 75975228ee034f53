/** One mistake of published configurations, made on purpose on real brokers, and what was seen of it. */
import type { Topology } from "../../../src/topology/description/topology.ts";
import type { NetworkLab } from "../../brokers/topology-lab.ts";

/** What a run of one mistake saw. */
export interface Seen {
  /** In one or two sentences. */
  readonly what: string;
  /** Lines of the brokers' logs, shortened. */
  readonly log: readonly string[];
}

export interface Mistake {
  /** The finding that `check` reports for the network. */
  readonly code: string;
  /** What the network is, in one sentence. */
  readonly setting: string;
  /** `{MEMBER}` in a URI stands for the address of that member's OpenWire port, as host:port. */
  readonly network: Topology;
  /** Runs with every broker started. Left out where a broker does not start: then its log is all there is to see. */
  readonly watch?: (running: RunningMistake) => Promise<Seen>;
  /** Which lines of the log of a broker that does not start to show. */
  readonly failure?: RegExp;
}

export interface RunningMistake {
  readonly lab: NetworkLab;
  /** Lines of a member's log that match, without their times, at most `most`. */
  logLines(member: string, pattern: RegExp, most?: number): Promise<string[]>;
}

/** A broker's line as the docs show it: without time, thread and logger, and not longer than 200 characters. */
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
