/** Whether the broker's kernel holds back data until we acknowledge (docs/decisions/0020-acknowledge-at-once.md). */
import type { Broker } from "../../messaging/port/messaging-session.ts";

const HOLDING: ReadonlySet<string> = new Set(["activemq"]);

/**
 * Whether the broker's sockets use Nagle's algorithm: a second small frame waits until the first is acknowledged, and
 * delayed ACK makes our kernel wait up to 40 ms for that. Classic's sockets do; Artemis and the embedded group turn it
 * off.
 */
export function mustAcknowledgeAtOnce({ product }: Broker): boolean {
  return HOLDING.has(product);
}
