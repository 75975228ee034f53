/** One question of the bench: what every peer does, where, and what the ratio of ours to theirs should be. */
import type { Product, Protocol } from "../../test/brokers/real-group.ts";
import type { Work } from "../driver/workload.ts";

export interface Question {
  readonly name: string;
  readonly asks: string;
  readonly protocol: Protocol;
  readonly product: Product;
  /** Against a null server that poses as the product, instead of a real broker. */
  readonly nullServer?: boolean;
  readonly work: Work;
  /** Names of programs in bench/peers; the first is ours. */
  readonly peers: readonly [ours: string, ...others: string[]];
  /** What is compared: messages a second, processor time a message, or the median latency. */
  readonly figure: Figure;
  readonly goals: readonly Goal[];
}

export type Figure = "rate" | "cpu" | "latency";

/** The ratio ours/peer is to be at least, or at most, this. */
export interface Goal {
  readonly peer: string;
  readonly least?: number;
  readonly most?: number;
}
