/** The options of both kill matrices. */
import type { PairKind, Product, Protocol } from "../group-contract.ts";

export interface MatrixOptions {
  readonly products: readonly Product[];
  readonly protocols: readonly Protocol[];
  readonly kind: PairKind;
  /** Kills for each combination. */
  readonly rounds: number;
  /** After this many kills the results are counted and a fresh pair is used. */
  readonly batch: number;
  /** How long the load runs before each kill. */
  readonly loadMs: number;
  /** For loads only: after each kill the next active member is killed too, while sessions are restored on it. */
  readonly double: boolean;
  /** Runs the brokers at their limits: see strain.ts. */
  readonly strained: boolean;
  /** The most unconfirmed sends at a time, for plain sends. */
  readonly window: number;
  readonly json: boolean;
}
