/**
 * Finds the members of a transaction that an ERROR of Artemis concerns: it names no receipt, because members ask for
 * none.
 */

import { DUPLICATE_ID_PROPERTY } from "../../../messaging/messages/outgoing-message.ts";
import type { OutgoingSend } from "../../../messaging/port/messaging-session.ts";

/**
 * Artemis prints the message that it has no room for: "AMQ339011 Error sending message CoreMessage[…,
 * _AMQ_DUPL_ID=3f2c…]".
 */
const SHOWN_ID = new RegExp(`${DUPLICATE_ID_PROPERTY}=([^,\\]\\s]+)`, "g");
/**
 * "AMQ229032 User x does not have permission='SEND' on address orders", or CREATE_ADDRESS if the address does not
 * exist.
 */
const FORBIDDEN = /does not have permission='(?:SEND|CREATE_ADDRESS)' on address (.+)/;
/** An ERROR that can only answer a SEND: "Error sending message", "Error handling send". */
const OF_A_SEND = /\bAMQ339011\b|\bAMQ339031\b/;
/** How much of a text is searched: it shows the message's properties, which can be long. */
const MAX_CHARACTERS = 8 * 1024;

/** The members that the broker refused with this text; none if the text does not tell. */
export function refusedMembers(said: string, members: readonly OutgoingSend[]): readonly OutgoingSend[] {
  const text = said.slice(0, MAX_CHARACTERS);
  const ids = new Set(Array.from(text.matchAll(SHOWN_ID), ([, id]) => id));
  // A property of the message may look like the id of another message.
  if (ids.size === 1) return members.filter(({ message }) => ids.has(message.id));
  const [, address] = FORBIDDEN.exec(text) ?? [];
  if (address !== undefined) return members.filter(({ destination }) => destination.name === address.trim());
  return members.length === 1 && OF_A_SEND.test(text) ? members : [];
}
