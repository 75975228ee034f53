/** Messages that Classic hands to STOMP consumers and then takes no acknowledgement of. */
import type { FrameHeaders } from "stompit";
import type { Dialect } from "./broker.ts";
import { headerText } from "./message.ts";

/** `ID:host-port-time-n:connection:session:producer:sequence`, as Classic and its Java client number messages. */
const NUMBERED = /^ID:.*-\d+-\d+-\d+:-?\d+:-?\d+:-?\d+:-?\d+$/s;

/**
 * Classic 6.1.8 keeps the message-id an AMQP sender gave in a form that its own acknowledgements cannot name: on ACK or
 * NACK it closes the connection, and hands the message out again (measured with ids of every form).
 */
export function cannotBeSettled(headers: FrameHeaders, { losesAmqpIds }: Dialect): boolean {
  if (!losesAmqpIds || !Object.keys(headers).some((name) => name.startsWith("JMS_AMQP_"))) return false;
  return !NUMBERED.test(headerText(headers, "message-id") ?? "");
}
