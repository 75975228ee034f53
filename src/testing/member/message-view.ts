/** A stored message as tests look at it; it can be sent from a child process. */

import { contentOf } from "../content.ts";
import type { QueueEntry } from "../destinations/queue/queue-entry.ts";

/** A message as the store of an embedded group has it. */
export interface StoredMessageView {
  /** Its place in the order of the store; no two messages share it. */
  readonly sequence: number;
  /** The stable id of the sender (property `_AMQ_DUPL_ID`), where it gave one. */
  readonly duplicateId: string | undefined;
  /** Whether the body is text or bytes. */
  readonly kind: "text" | "bytes";
  /** The body, as text or as bytes. */
  readonly body: Uint8Array;
  /** The body as UTF-8. */
  readonly text: string;
  /** The properties of the application. */
  readonly properties: Readonly<Record<string, string | number | boolean>>;
  /** Whether it survives a crash. */
  readonly persistent: boolean;
  /** Handed to a consumer that has not settled it. */
  readonly unsettled: boolean;
  /** Whether it is marked as handed out before. */
  readonly redelivered: boolean;
  /** How often it was handed out. */
  readonly deliveryCount: number;
}

export function viewOf(entry: QueueEntry, unsettled: boolean): StoredMessageView {
  const { message, redelivered, failures } = entry;
  const { kind, body, properties } = contentOf(message);
  return {
    sequence: message.sequence,
    duplicateId: message.duplicateId,
    kind,
    body,
    text: body.toString(),
    properties,
    persistent: message.persistent,
    unsettled,
    redelivered,
    deliveryCount: failures,
  };
}
