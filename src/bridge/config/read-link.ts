/** A link with its destinations and renames parsed, for the checks across links. */
import type { DestinationPattern } from "../routing/pattern.ts";
import type { Rename } from "../routing/rename.ts";
import type { BridgeLink } from "./bridge-config.ts";

/** The parts of a link that could be parsed. */
export interface ReadLink {
  readonly name: string;
  readonly link: BridgeLink;
  readonly sources: readonly DestinationPattern[];
  readonly renames: readonly Rename[];
}
