/** The options of both null servers, and the interface of a running one. */
import type { Product } from "../../test/brokers/real-group.ts";

export interface NullServerOptions {
  /** The broker that the server imitates, so that clients speak to it as to that one. */
  readonly pose: Product;
  /** The size of the messages that it sends to subscribers. */
  readonly bodyBytes: number;
}

export interface ServingNull {
  readonly port: number;
  close(): Promise<void>;
}

/** Reads the one argument of a null server's process: some of the options, or all, as JSON. */
export function readNullServerOptions(argument: string | undefined): NullServerOptions {
  const given = JSON.parse(argument ?? "{}") as Partial<NullServerOptions>;
  return { pose: given.pose ?? "classic", bodyBytes: given.bodyBytes ?? 1024 };
}
