/** Computes the effective options from the defaults, the URI, the caller's options and the meaning of the scheme. */
import { formatAddress, InvalidOptionError } from "../errors/errors.ts";
import { type Endpoint, isSecure, protocolOf } from "./endpoint.ts";
import type { MasterSlaveUri } from "./master-slave-uri.ts";
import { limitAdvice, secretAdvice } from "./options/foreign-names.ts";
import type { GroupOptions } from "./options/group-options.ts";
import { ignoredBecause } from "./options/ignored-options.ts";
import type { SaslMechanism } from "./options/login-options.ts";
import { OPTIONS, type OptionName, optionNamed } from "./options/option-table.ts";
import { checkOption, unknownOption } from "./options/option-value.ts";

/** Every effective option; times in milliseconds. */
export interface ResolvedOptions {
  readonly attemptTimeout: number;
  readonly attemptStagger: number;
  /** The wait after the first failed round; at least 1. */
  readonly initialReconnectDelay: number;
  /** The wait between a loss and the first round. */
  readonly delayAfterLoss: number;
  readonly maxReconnectDelay: number;
  /** undefined: our own curve, see ReconnectPolicy. 1: constant waits. */
  readonly backOffFactor: number | undefined;
  /** How many rounds may fail in one outage; 0: no round after a loss; Infinity: no limit. */
  readonly maxReconnectRounds: number;
  /** The same limit before the first session; at least 1. */
  readonly startupMaxRounds: number;
  readonly minConnectTime: number;
  readonly randomize: boolean;
  readonly reconnectSpread: number;
  readonly authRetryMs: number;
  /** 0: no heart-beats. */
  readonly heartbeatMs: number;
  readonly connectTimeoutMs: number | undefined;
  readonly initialConnect: "wait" | "fail-fast";
  readonly inDoubt: "resend" | "fail";
  readonly maxPendingSends: number;
  readonly maxPendingBytes: number;
  readonly maxMessageBytes: number;
  readonly overflow: "wait" | "reject";
  readonly whenInterrupted: "hold" | "reject";
  readonly whenFull: "reject" | "hold";
  readonly groupCommit: boolean;
  readonly releaseWaitMs: number;
  readonly durableRetryMs: number;
  readonly deadLetterDestination: string;
  readonly poisonAfter: number;
  readonly drainTimeoutMs: number;
  readonly sendTimeoutMs: number | undefined;
  readonly clientId: string | undefined;
  /** The protocol that the schemes or the option name; undefined if neither does. */
  readonly protocol: "stomp" | "amqp" | undefined;
  readonly serverListAction: "ADD" | "IGNORE";
  /** Which endpoints named by a broker are tried. A function given in code is kept elsewhere. */
  readonly alternates: "listed" | "any";
  /** Whether mixed groups, and tokens in plain text, are allowed. */
  readonly allowPlaintext: boolean;
  /** undefined: the mechanisms that fit the login. */
  readonly saslMechanisms: readonly SaslMechanism[] | undefined;
}

/**
 * The result is frozen. An override that is undefined counts as not given; any other overrides the URI. Throws
 * InvalidOptionError for an override that the option table does not know (UNKNOWN_OPTION) or that has a wrong value
 * (INVALID_OPTION).
 */
export function resolveOptions(uri: MasterSlaveUri, overrides: Partial<GroupOptions> = {}): ResolvedOptions {
  const given: GroupOptions = { ...defined(uri.options), ...checkedOverrides(overrides) };
  const protocol = resolveProtocol(uri.endpoints, given.protocol);
  refusePlaintext(uri.endpoints, given);
  return Object.freeze({
    ...plainValues(given),
    ...reconnectValues(given),
    ...roundLimits(given, uri.scheme === "failover"),
    connectTimeoutMs: positive(given.connectTimeoutMs),
    sendTimeoutMs: positive(given.timeout),
    clientId: given.clientId,
    protocol,
    saslMechanisms: saslMechanisms(given, protocol),
    serverListAction: given.amqpOpenServerListAction ?? (given.updateURIsSupported === false ? "IGNORE" : "ADD"),
  });
}

/**
 * Refuses a group with both secure and plain endpoints: a failed certificate check must not lead to an endpoint without
 * any.
 */
function refusePlaintext(endpoints: readonly Endpoint[], { allowPlaintext, requireTls }: GroupOptions): void {
  const plain = endpoints.find((endpoint) => !isSecure(endpoint));
  const secure = endpoints.find(isSecure);
  if (requireTls && allowPlaintext) {
    const text = "The options requireTls and allowPlaintext contradict each other: give one of them";
    throw new InvalidOptionError("INVALID_OPTION", text, "allowPlaintext");
  }
  if (!plain) return;
  if (requireTls) {
    const text = `The option requireTls is given, and ${formatAddress(plain)} is plain: write stomp+ssl://, amqps:// or ssl:// for every endpoint`;
    throw new InvalidOptionError("INVALID_OPTION", text, "requireTls");
  }
  if (!secure || allowPlaintext) return;
  const text = `The URI mixes endpoints with TLS (${formatAddress(secure)}) and without (${formatAddress(plain)}): a failover to a plain one would send the login and every message readable. Write the secure scheme for all of them, or say allowPlaintext: true`;
  throw new InvalidOptionError("INVALID_OPTION", text, "allowPlaintext");
}

/** Over STOMP the list would protect nothing: the password is always sent as it is. */
function saslMechanisms(
  { saslMechanisms: said }: GroupOptions,
  protocol: ResolvedOptions["protocol"],
): ResolvedOptions["saslMechanisms"] {
  if (said === undefined) return undefined;
  if (protocol === "stomp") {
    const text =
      "The option saslMechanisms has no meaning over STOMP, which has no SASL and sends the password as it is: leave it out, or use amqps://";
    throw new InvalidOptionError("INVALID_OPTION", text, "saslMechanisms");
  }
  return Object.freeze([...said]);
}

function checkedOverrides(overrides: Partial<GroupOptions>): GroupOptions {
  const given = defined(overrides);
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(OPTIONS, name)) throw unknownOverride(name);
    checkOption(name as OptionName, value);
  }
  return given;
}

/** Names of other clients for the parts of a login. */
const LOGIN_NAMES: ReadonlySet<string> = new Set(["username", "user", "login", "password", "passcode"]);

/** Aliases and Java's names are for pasted URIs; in code each option has one name. */
function unknownOverride(name: string): InvalidOptionError {
  const canonical = optionNamed(name);
  if (canonical) {
    return new InvalidOptionError(
      "UNKNOWN_OPTION",
      `Unknown option ${name}; in code its name is ${canonical}`,
      name,
      canonical,
    );
  }
  if (LOGIN_NAMES.has(name.toLowerCase())) {
    const text = `Unknown option ${name}; a login is given as credentials: { username, password }`;
    return new InvalidOptionError("UNKNOWN_OPTION", text, name, "credentials");
  }
  const ignored = ignoredBecause(name);
  const advice = limitAdvice(name) ?? secretAdvice(name);
  return unknownOption(name, name, "", advice ?? (ignored && `it has no effect: ${ignored}`));
}

function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** The options whose value needs no conversion. */
function plainValues(given: GroupOptions) {
  const value = <Name extends OptionName>(name: Name, fallback: NonNullable<GroupOptions[Name]>) =>
    given[name] ?? fallback;
  return {
    attemptTimeout: value("attemptTimeout", OPTIONS.attemptTimeout.default),
    attemptStagger: value("attemptStagger", OPTIONS.attemptStagger.default),
    maxReconnectDelay: value("maxReconnectDelay", OPTIONS.maxReconnectDelay.default),
    minConnectTime: value("minConnectTime", OPTIONS.minConnectTime.default),
    randomize: value("randomize", OPTIONS.randomize.default),
    reconnectSpread: value("reconnectSpread", OPTIONS.reconnectSpread.default),
    authRetryMs: value("authRetryMs", OPTIONS.authRetryMs.default),
    heartbeatMs: value("heartbeatMs", OPTIONS.heartbeatMs.default),
    initialConnect: value("initialConnect", OPTIONS.initialConnect.default),
    inDoubt: value("inDoubt", OPTIONS.inDoubt.default),
    maxPendingSends: value("maxPendingSends", OPTIONS.maxPendingSends.default),
    maxPendingBytes: value("maxPendingBytes", OPTIONS.maxPendingBytes.default),
    maxMessageBytes: value("maxMessageBytes", OPTIONS.maxMessageBytes.default),
    overflow: value("overflow", OPTIONS.overflow.default),
    whenInterrupted: value("whenInterrupted", OPTIONS.whenInterrupted.default),
    whenFull: value("whenFull", OPTIONS.whenFull.default),
    groupCommit: value("groupCommit", OPTIONS.groupCommit.default),
    releaseWaitMs: value("releaseWaitMs", OPTIONS.releaseWaitMs.default),
    durableRetryMs: value("durableRetryMs", OPTIONS.durableRetryMs.default),
    deadLetterDestination: value("deadLetterDestination", OPTIONS.deadLetterDestination.default),
    poisonAfter: value("poisonAfter", OPTIONS.poisonAfter.default),
    drainTimeoutMs: value("drainTimeoutMs", OPTIONS.drainTimeoutMs.default),
    alternates: value("alternates", OPTIONS.alternates.default),
    allowPlaintext: value("allowPlaintext", OPTIONS.allowPlaintext.default),
  };
}

function reconnectValues({
  initialReconnectDelay,
  reconnectDelay,
  useExponentialBackOff,
  backOffMultiplier,
}: GroupOptions) {
  const first = reconnectDelay ?? initialReconnectDelay ?? OPTIONS.initialReconnectDelay.default;
  return {
    initialReconnectDelay: Math.max(1, first),
    delayAfterLoss: initialReconnectDelay ?? 0,
    backOffFactor: useExponentialBackOff === false ? 1 : backOffMultiplier,
  };
}

/**
 * ActiveMQ counts failed rounds, not attempts. failover: gives up once the count has reached the limit, so even 0
 * allows one round at the start, and with 0 it does not reconnect after a loss (FailoverTransport). masterslave: takes
 * 0 as unlimited (SimpleDiscoveryAgent).
 */
function roundLimits(
  { maxReconnectAttempts = -1, startupMaxReconnectAttempts = -1, initialConnect }: GroupOptions,
  failover: boolean,
) {
  const limit = (attempts: number) =>
    attempts < 0 || (attempts === 0 && !failover) ? Number.POSITIVE_INFINITY : attempts;
  const startup = startupMaxReconnectAttempts === -1 ? maxReconnectAttempts : startupMaxReconnectAttempts;
  return {
    maxReconnectRounds: limit(maxReconnectAttempts),
    startupMaxRounds: initialConnect === "fail-fast" ? 1 : Math.max(1, limit(startup)),
  };
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

function resolveProtocol(
  endpoints: readonly Endpoint[],
  said: "stomp" | "amqp" | undefined,
): "stomp" | "amqp" | undefined {
  const named = endpoints.map(({ scheme, options: { protocol } }) => protocolOf(scheme) ?? protocol).find(Boolean);
  const protocol = named === "stomp" || named === "amqp" ? named : undefined;
  if (said && protocol && said !== protocol) {
    throw new InvalidOptionError(
      "INVALID_OPTION",
      `The option protocol is ${said}, but the endpoints speak ${protocol}`,
      "protocol",
    );
  }
  return said ?? protocol;
}
