/** Recognises messages that Classic delivers to STOMP consumers but whose acknowledgements it does not accept. */
import { UnsupportedError } from "../../../errors/errors.ts";
import type { HeaderBlock } from "../frames/header-block.ts";
import { AMQP_PREFIX } from "../messages/header-names.ts";
import type { Peer } from "../opening/peer.ts";

/** `ID:host-port-time-n:connection:session:producer:sequence`: the ids that Classic and its Java client create. */
const NUMBERED = /^ID:.*-\d+-\d+-\d+:-?\d+:-?\d+:-?\d+:-?\d+$/s;

/**
 * Classic 6.1.8 stores the message-id of an AMQP sender in a form that its acknowledgements cannot name: on ACK or NACK
 * it closes the connection, and delivers the message again (measured with ids of every form).
 */
export function whyUnacknowledgeable(headers: HeaderBlock, { broker, dialect }: Peer): UnsupportedError | undefined {
  if (!dialect.losesAmqpIds || !headers.hasPrefix(AMQP_PREFIX)) return undefined;
  const id = headers.get("message-id") ?? "";
  if (NUMBERED.test(id)) return undefined;
  return new UnsupportedError(
    `The message ${id} can be read and released, but not accepted or rejected: its AMQP sender gave it an id, and ${broker.product} takes no STOMP acknowledgement of such a message. Consume its queue over AMQP`,
  );
}
