/** What both null servers may be told, and what they are while they serve. */
import type { Product } from "../../test/brokers/real-group.ts";

export interface NullServerOptions {
  /** The broker it passes itself off as, so that clients speak to it as to that one. */
  readonly pose: Product;
  /** The size of the messages it feeds a subscription with. */
  readonly bodyBytes: number;
}

export interface ServingNull {
  readonly port: number;
  close(): Promise<void>;
}

/** From the one argument of a null server's process: the options, or some of them, as JSON. */
export function readNullServerOptions(argument: string | undefined): NullServerOptions {
  const given = JSON.parse(argument ?? "{}") as Partial<NullServerOptions>;
  return { pose: given.pose ?? "classic", bodyBytes: given.bodyBytes ?? 1024 };
}
