/** One question of the bench: what every peer does, on which server, and the goal for the ratio of ours to theirs. */
import type { Product, Protocol } from "../../test/brokers/real-group.ts";
import type { Work } from "../driver/workload.ts";

export interface Question {
  readonly name: string;
  readonly asks: string;
  readonly protocol: Protocol;
  readonly product: Product;
  /** Measured at a null server that poses as the product, instead of at a real broker. */
  readonly nullServer?: boolean;
  readonly work: Work;
  /** Names of programs in bench/peers; the first is ours. */
  readonly peers: readonly [ours: string, ...others: string[]];
  /** The quantity compared: messages a second, processor time a message, or the median latency. */
  readonly figure: Figure;
  readonly goals: readonly Goal[];
}

export type Figure = "rate" | "cpu" | "latency";

/** The goal: the ratio ours/peer should be at least, or at most, this. */
export interface Goal {
  readonly peer: string;
  readonly least?: number;
  readonly most?: number;
}
