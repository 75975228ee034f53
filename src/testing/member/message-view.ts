/** A stored message as tests see it; it can be sent from a child process. */

import { contentOf } from "../content.ts";
import type { QueueEntry } from "../destinations/queue/queue-entry.ts";

/** A message in the store of an embedded group. */
export interface StoredMessageView {
  /** Its position in the order of the store; unique. */
  readonly sequence: number;
  /** The sender's stable id (property `_AMQ_DUPL_ID`), if it gave one. */
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
  /** Whether a consumer has it and has not settled it. */
  readonly unsettled: boolean;
  /** Whether it is marked as delivered before. */
  readonly redelivered: boolean;
  /** How often it was delivered. */
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
