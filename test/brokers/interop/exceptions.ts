/**
 * The cases where a message does not arrive as it was sent, with the reason. In all other cases it does.
 * docs/interop.md is printed from this.
 */
import type { Product, Protocol } from "../group-contract.ts";
import type { OtherClient } from "./other-clients.ts";

export const DIRECTIONS = ["from us", "to us"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** One cell of the table. */
export interface Cell {
  readonly product: Product;
  readonly client: OtherClient;
  /** Our protocol. */
  readonly protocol: Protocol;
  readonly direction: Direction;
  readonly aspect: string;
}

/** An exception that leaves a field out applies to all of its values. */
export interface Exception {
  readonly aspects: readonly string[];
  readonly products?: readonly Product[];
  readonly clients?: readonly OtherClient[];
  readonly protocols?: readonly Protocol[];
  readonly directions?: readonly Direction[];
  /** What arrives instead, in the words of the aspect. */
  readonly outcome: string;
  readonly why: string;
}

const NUMBERS = ["int property", "long property", "double property", "boolean property"];
const EMOJI = "string property with an emoji";
const TEMPORARY = "request, reply to a temporary queue";

export const EXCEPTIONS: readonly Exception[] = [
  {
    aspects: NUMBERS,
    protocols: ["stomp"],
    outcome: "the same as text",
    why: "STOMP headers are text: the value arrives, its type does not",
  },
  {
    aspects: NUMBERS,
    clients: ["stomp.py"],
    outcome: "the same as text",
    why: "STOMP headers are text, at whichever end",
  },
  {
    aspects: [EMOJI],
    clients: ["activemq-client"],
    products: ["classic"],
    protocols: ["amqp"],
    directions: ["to us"],
    outcome: '["string","������"]',
    why: "OpenWire cannot carry a property's characters beyond U+FFFF; the same happens from one Java client to another. Bodies are not affected",
  },
  {
    aspects: [EMOJI],
    clients: ["activemq-client"],
    outcome: '["string","��"]',
    why: "OpenWire cannot carry a property's characters beyond U+FFFF; the same happens from one Java client to another. Bodies are not affected",
  },
  {
    aspects: ["text"],
    products: ["artemis"],
    clients: ["activemq-client", "stomp.py"],
    protocols: ["stomp"],
    directions: ["to us"],
    outcome: "the same as bytes",
    why: "Artemis gives every message a content-length over STOMP, and these senders no content type: nothing tells text from bytes. message.text() reads it all the same",
  },
  {
    aspects: ["text"],
    products: ["artemis"],
    clients: ["stomp.py"],
    protocols: ["amqp"],
    directions: ["from us"],
    outcome: "the same as bytes",
    why: "Artemis gives every message a content-length over STOMP, and an AMQP string no content type",
  },
  {
    aspects: ["no bytes"],
    products: ["artemis"],
    clients: ["activemq-client", "qpid-jms", "proton"],
    protocols: ["stomp"],
    directions: ["to us"],
    outcome: "the same as text",
    why: "Artemis leaves the content-length out of an empty message over STOMP: it is taken for text",
  },
  {
    aspects: ["no bytes"],
    products: ["artemis"],
    clients: ["stomp.py"],
    protocols: ["amqp"],
    directions: ["from us"],
    outcome: "the same as text",
    why: "Artemis leaves the content-length out of an empty message over STOMP",
  },
  {
    aspects: ["group"],
    products: ["classic"],
    protocols: ["stomp"],
    directions: ["to us"],
    outcome: "[null,null]",
    why: "Classic keeps a group together and does not say over STOMP which it is",
  },
  {
    aspects: ["group"],
    products: ["classic"],
    clients: ["stomp.py"],
    directions: ["from us"],
    outcome: "[null,null]",
    why: "Classic keeps a group together and does not say over STOMP which it is",
  },
  {
    aspects: ["reply to a queue", "reply to a topic"],
    products: ["artemis"],
    clients: ["proton"],
    directions: ["to us"],
    outcome: '"answers"',
    why: "An address of Artemis does not say whether it is a queue or a topic, and Proton adds no annotation that does: send() takes the bare name for a queue",
  },
  {
    aspects: [TEMPORARY],
    products: ["artemis"],
    protocols: ["stomp"],
    directions: ["from us"],
    outcome: "refused: SUBSCRIPTION_REFUSED",
    why: "Artemis has no temporary queues over STOMP; request() without `temporary` takes a queue of its own",
  },
  {
    aspects: ["message id"],
    products: ["artemis"],
    clients: ["activemq-client"],
    outcome: "another one",
    why: "Artemis shows OpenWire clients neither our id nor `_AMQ_DUPL_ID`, and others not OpenWire's id",
  },
  {
    aspects: ["message id"],
    products: ["artemis"],
    clients: ["qpid-jms"],
    protocols: ["stomp"],
    directions: ["to us"],
    outcome: "another one",
    why: "Over STOMP Artemis gives its own message id, not the AMQP sender's",
  },
  {
    aspects: ["message id"],
    products: ["artemis"],
    clients: ["stomp.py", "proton"],
    protocols: ["amqp"],
    directions: ["to us"],
    outcome: "none",
    why: "The Python clients give no id, and Artemis none over AMQP",
  },
  {
    aspects: ["expiry"],
    products: ["artemis"],
    clients: ["proton"],
    protocols: ["amqp"],
    directions: ["from us"],
    outcome: "null",
    why: "Over AMQP we say how long a message lives (`ttl`) and not until when, so that a wrong clock of ours loses nothing; Artemis hands it on as it is, and Proton's `expiry_time` shows only a point in time",
  },
  {
    aspects: ["acknowledgement"],
    products: ["classic"],
    clients: ["qpid-jms"],
    protocols: ["stomp"],
    directions: ["to us"],
    outcome: "refused: UNSUPPORTED",
    why: "Classic 6.1.8 cannot take a STOMP ACK of a message that an AMQP client gave an id to: it would close the connection, so none is written. Consume such queues over AMQP",
  },
];

/** Returns the first exception that applies to a cell. */
export function exceptionFor(cell: Cell): Exception | undefined {
  return EXCEPTIONS.find(
    ({ aspects, products, clients, protocols, directions }) =>
      aspects.includes(cell.aspect) &&
      (products?.includes(cell.product) ?? true) &&
      (clients?.includes(cell.client) ?? true) &&
      (protocols?.includes(cell.protocol) ?? true) &&
      (directions?.includes(cell.direction) ?? true),
  );
}
