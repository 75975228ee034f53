/** Everything about a send that is checked before it is written, and its bytes. */
import { formatAddress, MasterSlaveError, MessageTooLargeError, SendExpiredError } from "../../../errors/errors.ts";
import { timeLeftMs } from "../../../messaging/messages/outgoing-message.ts";
import type { OutgoingSend } from "../../../messaging/port/messaging-session.ts";
import type { Endpoint } from "../../../uri/endpoint.ts";
import { type Spelling, sameSpelling } from "../messages/destination.ts";
import { type EncodedMessage, encodeMessage, refreshTimes } from "../messages/message.ts";

/** What is known of the peer. */
export interface EncodingTerms {
  readonly endpoint: Endpoint;
  readonly spelling: Spelling;
}

/** Returns the bytes to write, with what is left of the time to live; or why the send fails. `maxBytes`: the link's limit, 0 for none. */
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

/** The bytes that an earlier session was sent, unless that was a broker with another spelling of destinations. */
function encodeOnce(send: OutgoingSend, spelling: Spelling): EncodedMessage {
  const kept = send.encoded as EncodedMessage | undefined;
  if (kept && sameSpelling(kept.spelling, spelling)) return kept;
  const encoded = encodeMessage(send.message, send.destination, spelling);
  send.encoded = encoded;
  return encoded;
}
