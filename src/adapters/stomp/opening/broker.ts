/** Recognises the broker, and lists how the brokers differ over STOMP. */

import { printableLine } from "../../../errors/printable.ts";
import type { Broker } from "../../../messaging/port/messaging-session.ts";

/** The relevant differences, measured on ActiveMQ Classic 6.1.8 and Artemis 2.55.0. */
export interface Dialect {
  /** `path`: `/queue/NAME`. `routing-type`: the bare name, with ANYCAST or MULTICAST in another header. */
  readonly destinations: "path" | "routing-type";
  /** Whether a content-length on SEND makes the message a JMS BytesMessage. */
  readonly lengthMeansBytes: boolean;
  /** A header that makes the message a TextMessage in spite of its content-length. */
  readonly textMark: readonly [name: string, value: string] | undefined;
  /** What limits the unsettled deliveries of a subscription. */
  readonly prefetch: "messages" | "bytes";
  /** What NACK does: a dead letter, or (Artemis) the same as ACK. */
  readonly nack: "dead-letter" | "discard";
  /** Whether a released delivery counts as failed: Classic marks it as redelivered, Artemis does not. */
  readonly givingBackCounts: boolean;
  /** Whether ACK takes part in a transaction: Artemis applies it at once, and ABORT does not undo it. */
  readonly transactionalAcks: boolean;
  /** How SUBSCRIBE asks for features beyond STOMP; `plain`: not at all. */
  readonly subscriptions: "activemq" | "artemis" | "plain";
  /** The SEND header that delays a message, in milliseconds from its arrival; undefined if we know none. */
  readonly schedule: string | undefined;
  /** The header for the sequence in a message group that JMS and AMQP consumers see. */
  readonly groupSequence: string;
  /**
   * Classic keeps a subscription's prefetch at 0 until it has sent the receipt of the SUBSCRIBE, and then wakes only
   * the destination of exactly that name. Messages in the queues behind a wildcard or a list stay there until something
   * else comes (measured: 66 of 80 such subscriptions; none without the receipt).
   */
  readonly receiptStallsPatterns: boolean;
  /** Whether messages with an id from an AMQP sender cannot be acknowledged: see unacknowledgeable.ts. */
  readonly losesAmqpIds: boolean;
  /** Whether a destination can list several, separated by commas. */
  readonly composites: boolean;
  /**
   * Artemis writes the message's properties between its own headers, whatever their names. Of repeated headers its own
   * is the first, except `ack`, which it writes after the properties (measured with each name).
   */
  readonly ownAckIsLast: boolean;
  /** Whether a MESSAGE has headers for its routing type and for the id that a sender over another protocol gave it. */
  readonly writesAddresses: boolean;
  /** Whether selectors use Artemis's own names for JMS headers. */
  readonly ownSelectorNames: boolean;
  /** Artemis's message id begins with the consumer, up to a comma; only the rest is the same at the next delivery. */
  readonly messageIdHasConsumer: boolean;
  /**
   * Whether the first ERROR ends the connection, as in STOMP 1.2. Artemis still answers the following frames, each with
   * an ERROR that wrongly blames it.
   */
  readonly errorEndsSession: boolean;
  /** Whether the ERROR for a SUBSCRIBE names no receipt, while that for anything else does. */
  readonly unnamedSubscribeErrors: boolean;
  /**
   * `single`: each send asks for a receipt. `grouped`: several share a transaction, which Classic syncs to its disk
   * once. `transacted`: always in a transaction, because Artemis answers a single send with a duplicate id too early.
   */
  readonly sends: "single" | "grouped" | "transacted";
  /**
   * The longest header line and the most headers. Beyond either, Classic answers with errors that name no receipt, and
   * closes.
   */
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
  // The embedded group of src/testing: Classic's headers without Classic's limits and faults.
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
    // JMSXGroupSeq would stay a property in Artemis, and AMQP consumers would see 0.
    groupSequence: "_AMQ_GROUP_SEQUENCE",
    writesAddresses: true,
    ownAckIsLast: true,
    ownSelectorNames: true,
    messageIdHasConsumer: true,
    sends: "transacted",
    unnamedSubscribeErrors: true,
  },
};

/** A Map, because a peer may call itself "constructor". */
const PRODUCTS: ReadonlyMap<string, string> = new Map([
  ["activemq", "activemq"],
  ["activemq-artemis", "artemis"],
  ["masterslave-embedded", "masterslave-embedded"],
]);

/**
 * From the `server` header of CONNECTED: `ActiveMQ/6.1.8`, `ActiveMQ-Artemis/2.55.0 ActiveMQ Artemis Messaging Engine`.
 */
export function readBroker(server: string | undefined, redact: (text: string) => string = (text) => text): Broker {
  const [name = "", version] = (server ?? "").split(" ", 1)[0]?.split("/") ?? [];
  const known = name.toLowerCase();
  return {
    product: known === "" ? "unknown" : (PRODUCTS.get(known) ?? printableLine(redact(name).toLowerCase())),
    version: version ? printableLine(redact(version)) : undefined,
  };
}

/** For an unknown product the STOMP specification applies. */
export function dialectOf(broker: Broker): Dialect {
  const { product } = broker;
  return (Object.hasOwn(DIALECTS, product) && DIALECTS[product]) || STOMP_AS_SPECIFIED;
}
