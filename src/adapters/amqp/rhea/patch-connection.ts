/** The one place where methods of a rhea connection are replaced, so that the order of the replacements is visible. */
import type { Connection } from "rhea";
import { limitedInput } from "./decode-limits.ts";
import { dirtySessions } from "./dirty-sessions.ts";
import { PERFORMATIVES } from "./peer-fields.ts";
import { checkedFields, checkedPeer } from "./peer-limits.ts";
import { internalsOf, type RheaConnection } from "./rhea-internals.ts";
import { unloggedSasl } from "./unlogged-sasl.ts";

/** Returns the methods to replace; each calls the previous method. */
type Patch = (connection: RheaConnection) => Partial<RheaConnection>;

/**
 * From the innermost to the outermost: a frame is read within limits, then the types of its fields are checked, then
 * their values.
 */
const PATCHES: readonly Patch[] = [
  dirtySessions,
  checkedPeer,
  checkedFields,
  (connection) => limitedInput(connection, PERFORMATIVES),
  unloggedSasl,
];

/** Replaces the methods of a connection. Call it before the connection writes or reads. */
export function patchConnection(connection: Connection): void {
  const internals = internalsOf(connection);
  for (const patch of PATCHES) Object.assign(internals, patch(internals));
}
