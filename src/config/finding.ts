/** A finding: what a checker found in a configuration, where, and what to do about it. */

export type Severity = "error" | "warning" | "info";

/** What a checker found in a configuration, where, and what to do about it. */
export interface Finding {
  /** A stable name in capitals, such as `CONFIG_UNKNOWN_KEY`; programs may compare it. */
  readonly code: string;
  /** An `error` keeps the configuration from being used. */
  readonly severity: Severity;
  /** The place in the configuration, such as `links.orders.from` or `links.orders.include[1]`; empty for the whole. */
  readonly path: string;
  /** The file, as its reader named it; undefined for a configuration that was given as an object. */
  readonly file?: string | undefined;
  /** Counted from 1; undefined for a configuration that was given as an object. */
  readonly line?: number | undefined;
  /** Counted from 1, in UTF-16 units; undefined for a configuration that was given as an object. */
  readonly column?: number | undefined;
  /** What was found. */
  readonly message: string;
  /** What to do. */
  readonly advice: string;
}

/** The keys and indexes that lead to a place in a configuration. */
export type ConfigPath = readonly (string | number)[];

/**
 * Returns a path as text, such as `links.orders.include[1]`. A key that is no plain name is written in brackets:
 * `rename["a.b"]`.
 */
export function formatPath(path: ConfigPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!/^[\w$-]+$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

/** Returns `bridge.yaml:3:5: error CONFIG_UNKNOWN_KEY: … (advice)` on one line. */
export function formatFinding({ code, severity, path, file, line, column, message, advice }: Finding): string {
  const place = line === undefined ? (file ?? path) : `${file ?? "configuration"}:${line}:${column}`;
  return `${place === "" ? "" : `${place}: `}${severity} ${code}: ${message} (${advice})`;
}
