/** The options about sends and deliveries; a part of the table in option-table.ts. */
import { LONGEST_MS, MS, type OptionSpec } from "./option-spec.ts";

export const DELIVERY_OPTIONS = {
  timeout: {
    type: "integer",
    unit: "ms",
    min: -1,
    max: LONGEST_MS,
    scope: "group",
    origin: "activemq",
    default: "none",
    java: "-1 (none)",
    sentence:
      "The default `timeoutMs` of a send, connected or not; 0 and -1 are none. Java measures only the wait for a connection.",
  },
  inDoubt: {
    type: "choice",
    choices: ["resend", "fail"],
    scope: "group",
    origin: "ours",
    default: "resend",
    sentence:
      "What happens to a send whose session ended before its confirmation: it is sent again, or rejected with SendInDoubtError.",
  },
  maxPendingSends: {
    type: "integer",
    unit: "sends",
    min: 1,
    max: LONGEST_MS,
    scope: "group",
    origin: "ours",
    default: 10_000,
    sentence: "How many sends may be unconfirmed; further ones wait.",
  },
  maxPendingBytes: {
    type: "integer",
    unit: "bytes",
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    scope: "group",
    origin: "ours",
    default: 16_777_216,
    sentence: "How many bytes of unconfirmed sends are kept; further sends wait.",
  },
  maxMessageBytes: {
    type: "integer",
    unit: "bytes",
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    scope: "group",
    origin: "ours",
    default: 268_435_456,
    sentence:
      "The largest message that is received, in bytes; a larger one is rejected to the broker's dead letters with the warning MESSAGE_TOO_LARGE.",
  },
  overflow: {
    type: "choice",
    choices: ["wait", "reject"],
    scope: "group",
    origin: "ours",
    default: "wait",
    sentence:
      "What happens to a send beyond maxPendingSends or maxPendingBytes: it waits for room, or rejects with SendOverflowError.",
  },
  whenInterrupted: {
    type: "choice",
    choices: ["hold", "reject"],
    scope: "group",
    origin: "ours",
    default: "hold",
    sentence:
      "What happens to a send while there is no session: it is held until there is one, or rejected with NotConnectedError. The option inDoubt applies to sends written before.",
  },
  whenFull: {
    type: "choice",
    choices: ["reject", "hold"],
    scope: "group",
    origin: "ours",
    default: "reject",
    sentence:
      "What happens to a send that the broker refuses because it is full (resource-limit-exceeded, a full store): it is rejected with SendRejectedError, or kept and sent again with growing waits. Sends to the same destination then wait behind it; others go on.",
  },
  groupCommit: {
    type: "boolean",
    scope: "group",
    origin: "ours",
    default: true,
    sentence:
      "Whether persistent sends that come together share one confirmation, which makes them several times faster. Over STOMP on ActiveMQ Classic, with heart-beats. On Artemis sends always share transactions, for safety; elsewhere it changes nothing.",
  },
  releaseWaitMs: {
    ...MS,
    origin: "ours",
    default: 1_000,
    sentence:
      "How long a release over STOMP waits for the consumer's other deliveries to be settled before they become stale: STOMP releases deliveries only by subscribing again.",
  },
  durableRetryMs: {
    ...MS,
    origin: "ours",
    default: 70_000,
    sentence:
      "How long a durable subscription that another live session holds is requested again before the consumer fails. A broker keeps the session of a dead client for up to a minute.",
  },
  deadLetterDestination: {
    type: "text",
    scope: "group",
    origin: "ours",
    default: "queue://DLQ",
    sentence:
      "Where reject() sends a message over STOMP on Artemis, which discards what is rejected: the dead-letter-address of its address settings.",
  },
  poisonAfter: {
    type: "integer",
    unit: "sessions",
    min: 1,
    max: LONGEST_MS,
    scope: "group",
    origin: "ours",
    default: 3,
    sentence:
      "After this many sessions in a row ended with a send or subscription in flight, it is tried once more, alone.",
  },
  drainTimeoutMs: {
    ...MS,
    origin: "ours",
    default: 10_000,
    sentence: "How long close() waits for pending sends and for running handlers; 0 does not wait.",
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;
