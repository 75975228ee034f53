/** Brokers at their limits: a member moves messages out of its memory at once, and its files roll over all the time. */
import type { GroupOptions, Product } from "../group-contract.ts";

export interface Strain {
  /** The prefix of all destinations' names. */
  readonly prefix: string;
  readonly group: GroupOptions;
}

const NONE: Strain = { prefix: "", group: {} };

const STRAINS: Readonly<Record<Product, Strain>> = {
  // Every message goes through a page file of 500 kB.
  artemis: { prefix: "paged.", group: {} },
  // 1 MiB of memory for a destination and 16 for all, and journal files of 1 MiB, removed once a second when nothing in them is left.
  classic: { prefix: "spooling.", group: { jvmOptions: ["-DKAHADB_JOURNAL_FILE=1mb", "-DBROKER_MEMORY=16mb"] } },
};

export function strainOf(product: Product, strained: boolean): Strain {
  return strained ? STRAINS[product] : NONE;
}
