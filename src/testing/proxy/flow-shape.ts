/** What happens to bytes on their way through the proxy, in one direction. */

/** `to-target`: what the client says; `to-client`: what the target answers. */
export type FlowDirection = "to-target" | "to-client" | "both";
/** How a connection ends: with a FIN, or with a RST. */
export type EndKind = "close" | "reset";

/** Changed by the proxy, read by every connection for each chunk. */
export interface FlowShape {
  delayMs: number;
  bytesPerSecond: number | undefined;
  /** Swallow everything, the end of the stream included. */
  blackHole: boolean;
  /** Read nothing: the bytes stay with the kernels. */
  hold: boolean;
  /** A new object for each call, so that each connection knows when to count anew. */
  cut: { readonly afterBytes: number; readonly end: EndKind } | undefined;
}

export function undisturbed(): FlowShape {
  return { delayMs: 0, bytesPerSecond: undefined, blackHole: false, hold: false, cut: undefined };
}
