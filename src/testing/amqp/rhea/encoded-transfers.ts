/** Makes rhea pass on each transfer's bytes as they were sent. */
import type { Connection } from "rhea";

/** A message-format of our own: with format 0 rhea decodes the message and drops its bytes. */
const ENCODED_FORMAT = 0x4d53;

interface TransferTarget {
  on_transfer(frame: { readonly performative: { message_format?: number | null } }): void;
}

/** rhea dispatches a frame to the connection's method `on_` plus the frame's name. */
export function keepTransfersEncoded(connection: Connection): void {
  const target = connection as unknown as TransferTarget;
  const onTransfer = target.on_transfer.bind(connection);
  target.on_transfer = (frame) => {
    if (!frame.performative.message_format) frame.performative.message_format = ENCODED_FORMAT;
    onTransfer(frame);
  };
}
