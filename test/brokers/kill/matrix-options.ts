/** What both kill matrices are told. */
import type { PairKind, Product, Protocol } from "../group-contract.ts";

export interface MatrixOptions {
  readonly products: readonly Product[];
  readonly protocols: readonly Protocol[];
  readonly kind: PairKind;
  /** Kills for each combination. */
  readonly rounds: number;
  /** Kills after which the books are closed and a fresh pair is used. */
  readonly batch: number;
  /** How long the load runs before each kill. */
  readonly loadMs: number;
  /** Loads only: each kill is followed by one of the next active member, while sessions are restored on it. */
  readonly double: boolean;
  /** The brokers reach their limits: see strain.ts. */
  readonly strained: boolean;
  /** Unconfirmed sends at any time, for plain sends. */
  readonly window: number;
  readonly json: boolean;
}
