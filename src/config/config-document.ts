/** A configuration as a value, with the line and column of every key and value where it came from a text. */
import { type ConfigPath, type Finding, formatPath, type Severity } from "./finding.ts";

export interface Position {
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 units. */
  readonly column: number;
}

/** Finds a place: of a value, or of the key in front of it. The nearest place above it when the path leads to nothing. */
export type Locate = (path: ConfigPath, at: "key" | "value") => Position | undefined;

/** What a checker knows when it reports something. */
export interface FindingDetails {
  readonly code: string;
  /** `error` unless said. */
  readonly severity?: Severity | undefined;
  readonly path: ConfigPath;
  /** Whether the finding is about the key, such as one that does not exist; `value` unless said. */
  readonly at?: "key" | "value" | undefined;
  readonly message: string;
  readonly advice: string;
}

export interface ConfigDocument {
  /** Plain objects, lists and scalars; undefined when the text could not be read. */
  readonly value: unknown;
  /** What is wrong with the text itself: its syntax, or a variable that is not set. */
  readonly findings: readonly Finding[];
  /** The file as its reader named it; undefined for an object. */
  readonly file: string | undefined;
  /** Returns a finding with its file, line and column filled in. */
  finding(details: FindingDetails): Finding;
}

/** Wraps a configuration that a program gave as an object. Variables in it are not replaced: programs have their own. */
export function configDocument(value: unknown): ConfigDocument {
  return { value, findings: [], file: undefined, finding: findingsOf(undefined, () => undefined) };
}

/** Returns the function that makes findings for one file. */
export function findingsOf(file: string | undefined, locate: Locate): ConfigDocument["finding"] {
  return ({ code, severity = "error", path, at = "value", message, advice }) => {
    return { code, severity, path: formatPath(path), file, ...locate(path, at), message, advice };
  };
}
