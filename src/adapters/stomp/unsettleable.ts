/** Messages that Classic hands to STOMP consumers and then takes no acknowledgement of. */
import type { FrameHeaders } from "stompit";
import { UnsupportedError } from "../../errors.ts";
import { headerText } from "./message.ts";
import type { Peer } from "./wire.ts";

/** `ID:host-port-time-n:connection:session:producer:sequence`, as Classic and its Java client number messages. */
const NUMBERED = /^ID:.*-\d+-\d+-\d+:-?\d+:-?\d+:-?\d+:-?\d+$/s;

/**
 * Classic 6.1.8 keeps the message-id an AMQP sender gave in a form that its own acknowledgements cannot name: on ACK or
 * NACK it closes the connection, and hands the message out again (measured with ids of every form).
 */
export function whyUnsettleable(headers: FrameHeaders, { broker, dialect }: Peer): UnsupportedError | undefined {
  if (!dialect.losesAmqpIds || !hasAmqpHeader(headers)) return undefined;
  const id = headerText(headers, "message-id") ?? "";
  if (NUMBERED.test(id)) return undefined;
  return new UnsupportedError(
    `The message ${id} can be read and released, but not accepted or rejected: its AMQP sender gave it an id, and ${broker.product} takes no STOMP acknowledgement of such a message. Consume its queue over AMQP`,
  );
}

function hasAmqpHeader(headers: FrameHeaders): boolean {
  for (const name in headers) if (name.startsWith("JMS_AMQP_")) return true;
  return false;
}
