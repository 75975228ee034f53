/** How the proxy treats bytes in one direction. */

/** `to-target`: what the client sends; `to-client`: what the target answers. */
export type FlowDirection = "to-target" | "to-client" | "both";
/** How a connection ends: with a FIN, or with a RST. */
export type EndKind = "close" | "reset";

/** The proxy changes it; every connection reads it for each chunk. */
export interface FlowShape {
  delayMs: number;
  bytesPerSecond: number | undefined;
  /** Swallow everything, including the end of the stream. */
  blackHole: boolean;
  /** Read nothing: the bytes stay in the kernels. */
  hold: boolean;
  /** A new object for each call, so that each connection notices it and starts to count. */
  cut: { readonly afterBytes: number; readonly end: EndKind } | undefined;
}

export function undisturbed(): FlowShape {
  return { delayMs: 0, bytesPerSecond: undefined, blackHole: false, hold: false, cut: undefined };
}
