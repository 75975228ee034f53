/**
 * Every option of a masterslave: or failover: URI. The parser, the checks, the types and docs/options.md are made from
 * this table.
 */
import { DELIVERY_OPTIONS } from "./delivery-options.ts";
import { LOGIN_OPTIONS } from "./login-options.ts";
import { LONGEST_MS, MS, type OptionSpec } from "./option-spec.ts";
import { SECURITY_OPTIONS } from "./security-options.ts";

const positiveMs = { ...MS, min: 1 } as const;
const rounds = { type: "integer", unit: "rounds", min: -1, max: LONGEST_MS, scope: "group" } as const;

export const OPTIONS = {
  initialReconnectDelay: {
    ...MS,
    origin: "activemq",
    default: 10,
    java: "10; Qpid JMS: 0; a masterslave: network connector: 1000",
    sentence:
      "The wait after the first failed round, from which the back-off grows (0 counts as 1, to avoid a hot loop). If given, it is also the wait between a loss and the first round; by default that round starts at once. The first connect never waits.",
  },
  reconnectDelay: {
    ...MS,
    origin: "qpid",
    default: "initialReconnectDelay",
    java: "Qpid JMS: 10",
    sentence:
      "Qpid's name for the wait after the first failed round. If given, initialReconnectDelay is only the wait between a loss and the first round.",
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
    sentence: "Whether the waits grow; with false each is as long as the first.",
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
      "The factor from one wait to the next. By default the wait is about a tenth of the outage so far, so the next active member is found within a tenth of it.",
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
      "The same limit before the first session; -1 uses maxReconnectAttempts. With initialConnect=fail-fast it is one round.",
    schemes: { masterslave: "0 is unlimited", failover: "0 is one round, as 1 is" },
  },
  minConnectTime: {
    ...MS,
    origin: "activemq",
    default: 5_000,
    java: "masterslave: 5000",
    sentence:
      "A session that ends sooner, without having confirmed or delivered anything, does not reset the back-off.",
  },
  randomize: {
    type: "boolean",
    scope: "group",
    origin: "activemq",
    default: false,
    java: "failover: true; masterslave: and Qpid JMS: false",
    sentence:
      "Whether each round shuffles the list. False for failover: too, because only one member of a master/slave group answers, and the order is the operator's choice.",
  },
  reconnectSpread: {
    ...MS,
    origin: "ours",
    default: 0,
    sentence:
      "Spreads a fleet of clients (docs/fleet.md): the first round after a loss waits a random time up to this, and the wait between rounds is about this at least.",
  },
  attemptTimeout: {
    ...positiveMs,
    origin: "ours",
    default: 15_000,
    sentence:
      "The deadline of one attempt: dial, TLS and protocol handshake together. It doubles, up to eight times as long, for an endpoint that accepts and then stays silent.",
  },
  attemptStagger: {
    ...MS,
    origin: "ours",
    default: 250,
    sentence:
      "How long an endpoint may stay silent before the next one is tried as well; with 0 they are tried strictly one at a time, each for up to attemptTimeout.",
  },
  connectTimeoutMs: {
    ...MS,
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
    sentence: "Whether connect() keeps trying as long as maxReconnectAttempts allows, or fails after one round.",
  },
  authRetryMs: {
    ...MS,
    origin: "ours",
    default: 60_000,
    sentence:
      "How long a login that is refused after the first session is tried again (after 1, 2, 4, 8, 16 and then 30 s) before the connection fails; 0 fails at the first refusal. Before the first session the first refusal ends connect().",
  },
  heartbeatMs: {
    ...MS,
    origin: "ours",
    default: 5_000,
    sentence:
      "The heart-beat (STOMP) or idle time-out (AMQP) interval wanted in both directions: a peer that is silent for 2.1 intervals, or on Linux acknowledges nothing for 1.4, counts as dead; 0 turns this off.",
  },
  ...DELIVERY_OPTIONS,
  ...LOGIN_OPTIONS,
  ...SECURITY_OPTIONS,
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
    sentence: "The protocol of tcp:// and ssl:// endpoints; one protocol per URI.",
  },
  amqpOpenServerListAction: {
    type: "choice",
    choices: ["ADD", "IGNORE"],
    ignoredValues: { REPLACE: "what the user listed is never deleted; the broker's list is added" },
    scope: "group",
    origin: "qpid",
    default: "ADD",
    java: "Qpid JMS: REPLACE",
    sentence:
      "Whether to use the alternates that an AMQP broker names when it opens a connection; the option alternates says which of them are tried.",
  },
  updateURIsSupported: {
    type: "boolean",
    scope: "group",
    origin: "activemq",
    default: true,
    java: "true",
    sentence: "False means amqpOpenServerListAction=IGNORE, which takes precedence if both are given.",
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export type OptionName = keyof typeof OPTIONS;
export type OptionValue = number | boolean | string | readonly string[];

type ValueOf<S> = S extends { readonly type: "integer" | "number" }
  ? number
  : S extends { readonly type: "boolean" }
    ? boolean
    : S extends { readonly type: "list"; readonly choices: readonly (infer Choice)[] }
      ? readonly Choice[]
      : S extends { readonly choices: readonly (infer Choice)[] }
        ? Choice
        : string;

/** The type of each option's value; GroupOptions documents each one. */
export type TableOptions = { readonly [Name in OptionName]?: ValueOf<(typeof OPTIONS)[Name]> | undefined };

export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[];

const ALIASES: ReadonlyMap<string, OptionName> = new Map(
  OPTION_NAMES.flatMap((name) => {
    const { aliases = [] }: OptionSpec = OPTIONS[name];
    return aliases.map((alias) => [alias, name] as const);
  }),
);

/** Every accepted spelling, including aliases. */
export const KNOWN_NAMES: readonly string[] = [...OPTION_NAMES, ...ALIASES.keys()];

const BY_LOWER_CASE: ReadonlyMap<string, string> = new Map(KNOWN_NAMES.map((name) => [name.toLowerCase(), name]));

/**
 * Returns the accepted spelling that differs only in case, since the .NET clients ignore case; undefined if there is
 * none.
 */
export function spellingLike(name: string): string | undefined {
  return BY_LOWER_CASE.get(name.toLowerCase());
}

/** Returns the table's name for an accepted spelling; undefined for any other name. */
export function optionNamed(spelling: string): OptionName | undefined {
  return Object.hasOwn(OPTIONS, spelling) ? (spelling as OptionName) : ALIASES.get(spelling);
}
