/** The task of one process of one peer, and the one line that it answers. */

import type { Credentials } from "../../src/uri/endpoint.ts";
import type { Product } from "../../test/brokers/real-group.ts";

/**
 * `send`: confirmed sends. `receive`: messages accepted one by one. `request`: one request at a time, answered by the
 * same process. `both`: the sent messages are received at the same time.
 */
export type WorkloadKind = "send" | "receive" | "request" | "both";

/** The settings that a question gives to every peer alike. */
export interface Work {
  readonly kind: WorkloadKind;
  readonly bodyBytes: number;
  /** The most unconfirmed sends at a time; 1 by default. */
  readonly window?: number;
  /** The most unsettled deliveries at a time, or the credit; 100 by default. */
  readonly prefetch?: number;
  /** How many messages `receive` takes, a fifth of them as warm-up. */
  readonly messages?: number;
}

export interface Workload extends Required<Work> {
  readonly endpoint: { readonly host: string; readonly port: number };
  readonly credentials: Credentials;
  readonly product: Product;
  /** The name of a queue. */
  readonly destination: string;
  /**
   * How long the measured part lasts, and the warm-up before it in which the code is compiled. `receive` takes the
   * messages that are there.
   */
  readonly measureMs: number;
  readonly warmUpMs: number;
}

export interface Measurement {
  /** In the measured part. */
  readonly messages: number;
  readonly elapsedMs: number;
  /** User and system time of the peer's own process in the measured part. */
  readonly cpuUsPerMessage: number;
  /** At the end of the measurement. */
  readonly rssMiB: number;
  /** How many messages were sent, including the warm-up: the runner takes them out of the queue. */
  readonly sent: number;
  /** Only for a window of 1. */
  readonly latencyMs?: Latency;
}

export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}
