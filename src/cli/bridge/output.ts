/** In which form a verb of the bridge prints. */

export type Output = "text" | "json" | "ndjson";

export interface BridgeVerbOptions {
  readonly output: Output;
}
