/** The faults, in the order of the table in docs/failure-modes.md. */
import { BAD_LINKS, slowLink } from "./bad-links.ts";
import { FALSE_LISTENERS } from "./false-listeners.ts";
import type { Fault } from "./fault.ts";
import { LOST_BROKERS } from "./lost-brokers.ts";
import { NAMES } from "./names.ts";
import { PARTITIONS } from "./partitions.ts";

export const FAULTS: readonly Fault[] = [
  ...LOST_BROKERS,
  ...PARTITIONS,
  ...BAD_LINKS,
  slowLink(2 ** 20),
  ...NAMES,
  ...FALSE_LISTENERS,
];
