/** A configuration as a value, with the line and column of every key and value if it was read from text. */
import { type ConfigPath, type Finding, formatPath, type Severity } from "./finding.ts";

export interface Position {
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 units. */
  readonly column: number;
}

/** Returns the position of a value, or of its key; if the path leads nowhere, that of the nearest place above it. */
export type Locate = (path: ConfigPath, at: "key" | "value") => Position | undefined;

/** What a checker passes in when it reports a finding. */
export interface FindingDetails {
  readonly code: string;
  /** `error` by default. */
  readonly severity?: Severity | undefined;
  readonly path: ConfigPath;
  /** Whether the finding is about the key, such as an unknown one, or the value; `value` by default. */
  readonly at?: "key" | "value" | undefined;
  readonly message: string;
  readonly advice: string;
}

export interface ConfigDocument {
  /** The configuration as plain objects, lists and scalars; undefined when the text could not be read. */
  readonly value: unknown;
  /** Findings about the text itself: syntax errors and variables that are not set. */
  readonly findings: readonly Finding[];
  /** The file name given by the caller; undefined for an object. */
  readonly file: string | undefined;
  /** Returns a finding with its file, line and column filled in. */
  finding(details: FindingDetails): Finding;
}

/** Wraps a configuration that a program gave as an object. Variables in it are not replaced. */
export function configDocument(value: unknown): ConfigDocument {
  return { value, findings: [], file: undefined, finding: findingsOf(undefined, () => undefined) };
}

/** Returns the function that makes findings for one file. */
export function findingsOf(file: string | undefined, locate: Locate): ConfigDocument["finding"] {
  return ({ code, severity = "error", path, at = "value", message, advice }) => {
    return { code, severity, path: formatPath(path), file, ...locate(path, at), message, advice };
  };
}
