/** A link whose destinations and renames were read, for the checks that look at several. */
import type { DestinationPattern } from "../routing/pattern.ts";
import type { Rename } from "../routing/rename.ts";
import type { BridgeLink } from "./bridge-config.ts";

/** What of a link could be read. */
export interface ReadLink {
  readonly name: string;
  readonly link: BridgeLink;
  readonly sources: readonly DestinationPattern[];
  readonly renames: readonly Rename[];
}
