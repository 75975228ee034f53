/** Which broker answered, and what the brokers do differently over STOMP. */

import { printableLine } from "../../../errors/printable.ts";
import type { Broker } from "../../../messaging/port/messaging-session.ts";

/** The differences that matter here, as measured on ActiveMQ Classic 6.1.8 and Artemis 2.55.0. */
export interface Dialect {
  /** `path`: `/queue/NAME`. `routing-type`: the bare name, and ANYCAST or MULTICAST in a header of its own. */
  readonly destinations: "path" | "routing-type";
  /** Whether a content-length on SEND makes the message a JMS BytesMessage. */
  readonly lengthMeansBytes: boolean;
  /** A header that makes it a TextMessage all the same. */
  readonly textMark: readonly [name: string, value: string] | undefined;
  /** What bounds the unsettled deliveries of a subscription. */
  readonly prefetch: "messages" | "bytes";
  /** What NACK does: a dead letter, or (Artemis) the same as ACK. */
  readonly nack: "dead-letter" | "discard";
  /** Whether a delivery given back counts as failed: Classic flags it as redelivered, Artemis does not. */
  readonly givingBackCounts: boolean;
  /** Whether ACK takes part in a transaction: Artemis applies it at once, and ABORT does not undo it. */
  readonly transactionalAcks: boolean;
  /** How SUBSCRIBE asks for more than STOMP has; `plain`: it cannot. */
  readonly subscriptions: "activemq" | "artemis" | "plain";
  /** The SEND header that has a message handed out later: milliseconds from its arrival. undefined: none that we know. */
  readonly schedule: string | undefined;
  /** The header of a place in a group that JMS and AMQP consumers see. */
  readonly groupSequence: string;
  /**
   * Classic holds a subscription's prefetch at 0 until the receipt of its SUBSCRIBE has gone out, and then wakes the
   * destination of that name: what waits in the queues behind a wildcard or a list stays there until something else
   * comes (measured: 66 of 80 such subscriptions, none without the receipt).
   */
  readonly receiptStallsPatterns: boolean;
  /** Whether no message can be acknowledged to which an AMQP sender gave an id: see unsettleable.ts. */
  readonly losesAmqpIds: boolean;
  /** Whether a destination can list several, by commas. */
  readonly composites: boolean;
  /**
   * Artemis writes the properties of a message between its own headers, under whatever names. Of repeated headers its own is
   * the first, but for `ack`, which it writes behind the properties (measured with each name).
   */
  readonly ownAckIsLast: boolean;
  /** Whether a MESSAGE has a header for its routing type, and one for the id that a sender over another protocol gave it. */
  readonly writesAddresses: boolean;
  /** Whether selectors name the headers of JMS by names of Artemis's own. */
  readonly ownSelectorNames: boolean;
  /** Artemis puts the consumer before a comma; only what follows is the same at the next delivery. */
  readonly messageIdHasConsumer: boolean;
  /** Whether a connection is over with its first ERROR, as STOMP 1.2 has it. Artemis still answers what follows, with an ERROR each that blames the innocent. */
  readonly errorEndsSession: boolean;
  /** Whether the ERROR for a SUBSCRIBE names no receipt; that for anything else does. */
  readonly unnamedSubscribeErrors: boolean;
  /**
   * `single`: each send asks for a receipt. `grouped`: several share a transaction, which Classic syncs to its disk once.
   * `transacted`: always in a transaction, for Artemis answers a single send with a duplicate id too early.
   */
  readonly sends: "single" | "grouped" | "transacted";
  /** The longest header line, and how many: past either, Classic answers with errors that name nobody, and closes. */
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
}

const STOMP_AS_SPECIFIED: Dialect = {
  destinations: "path",
  lengthMeansBytes: false,
  textMark: undefined,
  prefetch: "messages",
  nack: "dead-letter",
  givingBackCounts: false,
  transactionalAcks: true,
  subscriptions: "plain",
  schedule: undefined,
  groupSequence: "JMSXGroupSeq",
  receiptStallsPatterns: false,
  losesAmqpIds: false,
  composites: false,
  ownAckIsLast: false,
  writesAddresses: false,
  ownSelectorNames: false,
  messageIdHasConsumer: false,
  errorEndsSession: true,
  unnamedSubscribeErrors: false,
  sends: "single",
  maxHeaderBytes: Number.POSITIVE_INFINITY,
  maxHeaders: Number.POSITIVE_INFINITY,
};

const CLASSIC: Dialect = {
  ...STOMP_AS_SPECIFIED,
  lengthMeansBytes: true,
  textMark: ["amq-msg-type", "text"],
  givingBackCounts: true,
  subscriptions: "activemq",
  schedule: "AMQ_SCHEDULED_DELAY",
  receiptStallsPatterns: true,
  losesAmqpIds: true,
  composites: true,
  errorEndsSession: false,
  sends: "grouped",
  maxHeaderBytes: 10 * 1024,
  maxHeaders: 1000,
};

const DIALECTS: Readonly<Record<string, Dialect>> = {
  activemq: CLASSIC,
  // The embedded group of ../../testing: Classic's headers without Classic's limits and faults.
  "masterslave-embedded": {
    ...CLASSIC,
    losesAmqpIds: false,
    maxHeaderBytes: Number.POSITIVE_INFINITY,
    maxHeaders: Number.POSITIVE_INFINITY,
  },
  artemis: {
    ...STOMP_AS_SPECIFIED,
    destinations: "routing-type",
    lengthMeansBytes: true,
    prefetch: "bytes",
    nack: "discard",
    transactionalAcks: false,
    subscriptions: "artemis",
    schedule: "AMQ_SCHEDULED_DELAY",
    // JMSXGroupSeq stays a property there: over AMQP the place is then 0.
    groupSequence: "_AMQ_GROUP_SEQUENCE",
    writesAddresses: true,
    ownAckIsLast: true,
    ownSelectorNames: true,
    messageIdHasConsumer: true,
    sends: "transacted",
    unnamedSubscribeErrors: true,
  },
};

/** A map: a peer may call itself "constructor". */
const PRODUCTS: ReadonlyMap<string, string> = new Map([
  ["activemq", "activemq"],
  ["activemq-artemis", "artemis"],
  ["masterslave-embedded", "masterslave-embedded"],
]);

/** From the `server` header of CONNECTED: `ActiveMQ/6.1.8`, `ActiveMQ-Artemis/2.55.0 ActiveMQ Artemis Messaging Engine`. */
export function readBroker(server: string | undefined, redact: (text: string) => string = (text) => text): Broker {
  const [name = "", version] = (server ?? "").split(" ", 1)[0]?.split("/") ?? [];
  const known = name.toLowerCase();
  return {
    product: known === "" ? "unknown" : (PRODUCTS.get(known) ?? printableLine(redact(name).toLowerCase())),
    version: version ? printableLine(redact(version)) : undefined,
  };
}

/** A product we do not know is spoken to as the STOMP specification says. */
export function dialectOf(broker: Broker): Dialect {
  const { product } = broker;
  return (Object.hasOwn(DIALECTS, product) && DIALECTS[product]) || STOMP_AS_SPECIFIED;
}
