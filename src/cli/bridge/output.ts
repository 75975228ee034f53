/** The output formats of the bridge commands. */

export type Output = "text" | "json" | "ndjson";

export interface BridgeVerbOptions {
  readonly output: Output;
}
