/** Sends: one SEND frame with a receipt each, and the broker's answer as the outcome. */
import { formatAddress, InvalidArgumentError, MasterSlaveError, SendRejectedError } from "../../errors.ts";
import { formatDestination } from "../../messaging/destination.ts";
import type { OutgoingSend } from "../../messaging/messaging-session.ts";
import { findUnsendable } from "./header-limits.ts";
import { type EncodedMessage, encodeMessage } from "./message.ts";
import type { Wire } from "./wire.ts";

/** Writes the send at once; the outcome comes with its receipt. `onConfirmed` is told of every confirmation first. */
export function writeSend(wire: Wire, send: OutgoingSend, onConfirmed: () => void): void {
  if (send.abandoned) return;
  const encoded = encodedFor(wire, send);
  if (encoded instanceof MasterSlaveError) {
    // In a turn of its own: the caller is not through with its call yet.
    queueMicrotask(() => wire.guard(() => send.onOutcome({ kind: "failed", error: encoded })));
    return;
  }
  const waiter = {
    onReceipt: () => {
      onConfirmed();
      send.onOutcome({ kind: "confirmed" });
    },
    onRefused: ({ text, cause }: { readonly text: string; readonly cause: Error }) => {
      const { endpoint } = wire.peer;
      const what = `message ${send.message.id} to ${formatDestination(send.destination)}`;
      const error = new SendRejectedError(`${formatAddress(endpoint)} refused ${what}: ${text}`, {
        id: send.message.id,
        endpoint,
        cause,
      });
      send.onOutcome({ kind: "failed", error });
    },
  };
  wire.request("SEND", encoded.headers, waiter, encoded.body);
  send.onWritten();
}

/** What was written the first time, unless that was for a broker of another kind. */
function encodedFor(wire: Wire, send: OutgoingSend): EncodedMessage | MasterSlaveError {
  const { dialect, endpoint } = wire.peer;
  const kept = send.encoded as EncodedMessage | undefined;
  if (kept?.dialect === dialect) return kept;
  try {
    const encoded = encodeMessage(send.destination, send.message, dialect);
    const unsendable = findUnsendable(encoded.headers, wire.peer);
    if (unsendable) return new InvalidArgumentError(`The message cannot be sent over STOMP: it has ${unsendable}`);
    send.encoded = encoded;
    return encoded;
  } catch (cause) {
    return MasterSlaveError.from(cause, endpoint);
  }
}
