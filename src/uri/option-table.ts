/** Every option of a masterslave: or failover: URI in one table: it drives the parser, the checks, the types and docs/options.md. */

import type { OptionSpec } from "./option-spec.ts";

/** The longest a timer can wait: beyond it Node's timers fire at once. */
const LONGEST_MS = 2_147_483_647;
const ms = { type: "integer", unit: "ms", min: 0, max: LONGEST_MS, scope: "group" } as const;
const positiveMs = { ...ms, min: 1 } as const;
const rounds = { type: "integer", unit: "rounds", min: -1, max: LONGEST_MS, scope: "group" } as const;

export const OPTIONS = {
  initialReconnectDelay: {
    ...ms,
    origin: "activemq",
    default: 10,
    java: "10; Qpid JMS: 0; a masterslave: network connector: 1000",
    sentence:
      "The wait after the first failed round, from which back-off grows (0 counts as 1, so that a dead group is no hot loop). If given, it is also waited between a loss and the first round; by default that round starts at once. The first connect never waits.",
  },
  reconnectDelay: {
    ...ms,
    origin: "qpid",
    default: "initialReconnectDelay",
    java: "Qpid JMS: 10",
    sentence:
      "Qpid's name for the wait after the first failed round; beside it initialReconnectDelay is only the wait between a loss and the first round.",
  },
  maxReconnectDelay: {
    ...positiveMs,
    origin: "activemq",
    default: 30_000,
    java: "30000",
    sentence: "The longest wait between two rounds.",
  },
  useExponentialBackOff: {
    type: "boolean",
    scope: "group",
    origin: "activemq",
    aliases: ["useReconnectBackOff"],
    default: true,
    java: "true",
    sentence: "Whether waits grow; with false each is as long as the first.",
  },
  backOffMultiplier: {
    type: "number",
    min: 1,
    max: 1000,
    scope: "group",
    origin: "activemq",
    aliases: ["reconnectDelayExponent", "reconnectBackOffMultiplier"],
    default: "1.1 in the first 10 s of an outage, then 2",
    java: "2",
    sentence:
      "The factor from one wait to the next. By default the wait is about a tenth of the outage so far, so whoever takes over is found within a tenth of it.",
    schemes: {
      masterslave: "Java knows it as `backOffMultiplier` and takes whole numbers only; decimals are accepted here",
      failover: "Java knows it as `reconnectDelayExponent` and refuses `backOffMultiplier`; both are accepted here",
    },
  },
  maxReconnectAttempts: {
    ...rounds,
    origin: "activemq",
    default: "unlimited",
    java: "failover: -1 (unlimited); masterslave: 0 (unlimited)",
    sentence:
      "How many rounds over the whole list may fail in one outage before the connection gives up; -1 is unlimited. An outage ends once a session has lasted minConnectTime or has confirmed or delivered something.",
    schemes: {
      masterslave: "0 is unlimited. N: the N-th failed round of an outage is the last",
      failover:
        "0: one round at the start, and no reconnect after a loss. N: the N-th failed round of an outage is the last",
    },
  },
  startupMaxReconnectAttempts: {
    ...rounds,
    origin: "activemq",
    default: "maxReconnectAttempts",
    java: "-1",
    sentence:
      "The same limit until the first session ever; -1 leaves it to maxReconnectAttempts. With initialConnect=fail-fast it is one round.",
    schemes: { masterslave: "0 is unlimited", failover: "0 is one round, as 1 is" },
  },
  minConnectTime: {
    ...ms,
    origin: "activemq",
    default: 5_000,
    java: "masterslave: 5000",
    sentence: "A session that ends sooner, having confirmed and delivered nothing, counts on in the same back-off.",
  },
  randomize: {
    type: "boolean",
    scope: "group",
    origin: "activemq",
    default: false,
    java: "failover: true; masterslave: and Qpid JMS: false",
    sentence:
      "Whether each round shuffles the list. False also for failover:, for only one member of a master/slave group answers, and the order is the one its operator wrote.",
  },
  reconnectSpread: {
    ...ms,
    origin: "ours",
    default: 0,
    sentence: "Up to so long, at random, is waited before the first round after a loss; it spreads a fleet of clients.",
  },
  attemptTimeout: {
    ...positiveMs,
    origin: "ours",
    default: 15_000,
    sentence: "The deadline of one attempt: dial, TLS and protocol handshake together.",
  },
  attemptStagger: {
    ...ms,
    origin: "ours",
    default: 250,
    sentence:
      "How long an endpoint may stay silent before the next is tried beside it; 0 is strictly one at a time, each for up to attemptTimeout.",
  },
  connectTimeoutMs: {
    ...ms,
    origin: "ours",
    default: "none",
    sentence: "The deadline of connect(), over all rounds; 0 is none.",
  },
  initialConnect: {
    type: "choice",
    choices: ["wait", "fail-fast"],
    scope: "group",
    origin: "ours",
    default: "wait",
    sentence: "Whether connect() goes on for as long as the attempts allow, or fails after one round.",
  },
  maxAuthFailures: {
    type: "integer",
    unit: "rounds",
    min: 1,
    max: LONGEST_MS,
    scope: "group",
    origin: "ours",
    default: 5,
    sentence:
      "After a first session: how many rounds in a row may end in refused credentials before the connection fails. Before it, the first refusal ends connect().",
  },
  heartbeatMs: {
    ...ms,
    origin: "ours",
    default: 5_000,
    sentence: "The heart-beat (STOMP) or idle time-out (AMQP) interval wanted in both directions; 0 switches them off.",
  },
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
      "What becomes of a send whose session ended before its confirmation: sent again, or rejected with SendInDoubtError.",
  },
  maxPendingSends: {
    type: "integer",
    unit: "sends",
    min: 1,
    max: LONGEST_MS,
    scope: "group",
    origin: "ours",
    default: 10_000,
    sentence: "How many sends may be without confirmation; further ones wait.",
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
  overflow: {
    type: "choice",
    choices: ["wait", "reject"],
    scope: "group",
    origin: "ours",
    default: "wait",
    sentence:
      "What becomes of a send past maxPendingSends or maxPendingBytes: it waits for room, or rejects with SendOverflowError.",
  },
  whenInterrupted: {
    type: "choice",
    choices: ["hold", "reject"],
    scope: "group",
    origin: "ours",
    default: "hold",
    sentence:
      "What becomes of a send while there is no session: held until there is one, or rejected with NotConnectedError. What was written before is inDoubt's.",
  },
  whenFull: {
    type: "choice",
    choices: ["reject", "hold"],
    scope: "group",
    origin: "ours",
    default: "reject",
    sentence:
      "What becomes of a send the broker refuses for want of room (resource-limit-exceeded, a full store): rejected with SendRejectedError, or kept and sent again with growing waits, behind what was sent meanwhile.",
  },
  releaseWaitMs: {
    ...ms,
    origin: "ours",
    default: 1_000,
    sentence:
      "STOMP gives deliveries back by subscribing anew: how long a release waits for the consumer's other deliveries to be settled before they become stale.",
  },
  durableRetryMs: {
    ...ms,
    origin: "ours",
    default: 70_000,
    sentence:
      "How long a durable subscription that another live session still holds is asked for again before the consumer fails. A broker keeps the session of a dead client for up to a minute.",
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
      "After so many sessions in a row that died with it in flight, a send or subscription is tried alone once more.",
  },
  drainTimeoutMs: {
    ...ms,
    origin: "ours",
    default: 10_000,
    sentence: "How long close() waits for pending sends and for what consumers are working on; 0 does not wait.",
  },
  clientId: {
    type: "text",
    scope: "group",
    origin: "ours",
    default: "none",
    sentence: "The STOMP client-id or AMQP container-id; durable subscriptions need it.",
  },
  protocol: {
    type: "choice",
    choices: ["stomp", "amqp"],
    scope: "both",
    origin: "ours",
    default: "by the scheme",
    sentence: "What tcp:// and ssl:// endpoints speak; one protocol per URI.",
  },
  amqpOpenServerListAction: {
    type: "choice",
    choices: ["ADD", "IGNORE"],
    ignoredValues: { REPLACE: "what the user listed is never deleted; the broker's list is added" },
    scope: "group",
    origin: "qpid",
    default: "ADD",
    java: "Qpid JMS: REPLACE",
    sentence: "What becomes of the alternates an AMQP broker names when it opens a connection.",
  },
  updateURIsSupported: {
    type: "boolean",
    scope: "group",
    origin: "activemq",
    default: true,
    java: "true",
    sentence: "False is amqpOpenServerListAction=IGNORE, which wins where both are given.",
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export type OptionName = keyof typeof OPTIONS;
export type OptionValue = number | boolean | string;

type ValueOf<S> = S extends { readonly type: "integer" | "number" }
  ? number
  : S extends { readonly type: "boolean" }
    ? boolean
    : S extends { readonly choices: readonly (infer Choice)[] }
      ? Choice
      : string;

/** The options as values, by their names in the table; what is absent or undefined was not said. */
export type GroupOptions = { readonly [Name in OptionName]?: ValueOf<(typeof OPTIONS)[Name]> | undefined };

export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[];

const ALIASES: ReadonlyMap<string, OptionName> = new Map(
  OPTION_NAMES.flatMap((name) => {
    const { aliases = [] }: OptionSpec = OPTIONS[name];
    return aliases.map((alias) => [alias, name] as const);
  }),
);

/** Every accepted spelling, aliases included. */
export const KNOWN_NAMES: readonly string[] = [...OPTION_NAMES, ...ALIASES.keys()];

/** The table's name for one of the accepted spellings; undefined for a name that is none. */
export function optionNamed(spelling: string): OptionName | undefined {
  return Object.hasOwn(OPTIONS, spelling) ? (spelling as OptionName) : ALIASES.get(spelling);
}
