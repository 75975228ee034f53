/** Checks a send before it is written, and encodes it. */
import { formatAddress, MasterSlaveError, MessageTooLargeError, SendExpiredError } from "../../../errors/errors.ts";
import { timeLeftMs } from "../../../messaging/messages/outgoing-message.ts";
import type { OutgoingSend } from "../../../messaging/port/messaging-session.ts";
import type { Endpoint } from "../../../uri/endpoint.ts";
import { type Spelling, sameSpelling } from "../messages/destination.ts";
import { type EncodedMessage, encodeMessage, refreshTimes } from "../messages/message.ts";

/** The peer that a message is encoded for: errors name its endpoint, and its spelling decides how destinations are written. */
export interface EncodingTerms {
  readonly endpoint: Endpoint;
  readonly spelling: Spelling;
}

/**
 * Returns the bytes to write, with the remaining time to live, or the error of the send. `maxBytes` is the link's
 * limit, 0 for none.
 */
export function prepareSend(
  send: OutgoingSend,
  { endpoint, spelling }: EncodingTerms,
  maxBytes: number,
): Buffer | MasterSlaveError {
  const { id } = send.message;
  const remainingMs = timeLeftMs(send.message);
  if (remainingMs !== undefined && remainingMs <= 0)
    return new SendExpiredError(`Message ${id} expired before it was written`, { id, endpoint });
  let encoded: EncodedMessage;
  try {
    encoded = encodeOnce(send, spelling);
  } catch (cause) {
    return MasterSlaveError.from(cause, endpoint);
  }
  const { bytes } = encoded;
  if (maxBytes > 0 && bytes.length > maxBytes) {
    const text = `Message ${id} has ${bytes.length} bytes; ${formatAddress(endpoint)} takes ${maxBytes} at most`;
    return new MessageTooLargeError(text, { id, endpoint });
  }
  refreshTimes(encoded, send.message);
  return bytes;
}

/** Reuses the bytes sent to an earlier session, unless that broker spells destinations differently. */
function encodeOnce(send: OutgoingSend, spelling: Spelling): EncodedMessage {
  const kept = send.encoded as EncodedMessage | undefined;
  if (kept && sameSpelling(kept.spelling, spelling)) return kept;
  const encoded = encodeMessage(send.message, send.destination, spelling);
  send.encoded = encoded;
  return encoded;
}
