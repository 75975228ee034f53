/** What one process of one peer is asked to do, and the one line it answers with. */

import type { Credentials } from "../../src/uri/endpoint.ts";
import type { Product } from "../../test/brokers/real-group.ts";

/** `send`: confirmed sends. `receive`: accepted one by one. `request`: one request at a time, answered by the same process. `both`: what is sent is received meanwhile. */
export type WorkloadKind = "send" | "receive" | "request" | "both";

/** What a question asks of every peer alike. */
export interface Work {
  readonly kind: WorkloadKind;
  readonly bodyBytes: number;
  /** Sends without an answer at any time; 1 unless said. */
  readonly window?: number;
  /** Deliveries without a settlement at any time, or the credit; 100 unless said. */
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
  /** How long the measured part lasts, and what comes before it so that the code is compiled; `receive` takes what there is. */
  readonly measureMs: number;
  readonly warmUpMs: number;
}

export interface Measurement {
  /** Of the measured part. */
  readonly messages: number;
  readonly elapsedMs: number;
  /** User and system time of the peer's own process in the measured part. */
  readonly cpuUsPerMessage: number;
  /** At the end. */
  readonly rssMiB: number;
  /** All that were sent, warm-up and all: the runner takes them out of the queue. */
  readonly sent: number;
  /** Only with a window of 1. */
  readonly latencyMs?: Latency;
}

export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}
