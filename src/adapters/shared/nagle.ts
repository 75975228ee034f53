/** What a broker's kernel holds back until ours acknowledges (docs/decisions/0020-acknowledge-at-once.md). */
import type { Broker } from "../../messaging/port/messaging-session.ts";

const HOLDING: ReadonlySet<string> = new Set(["activemq"]);

/**
 * Whether its sockets wait with a second small frame until the first is acknowledged (Nagle's rule), which our kernel leaves
 * to our next write for up to 40 ms. Classic's do; Artemis and the embedded group switch the rule off.
 */
export function usesNagle({ product }: Broker): boolean {
  return HOLDING.has(product);
}
