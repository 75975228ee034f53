/**
 * Options of the Java clients that have no effect here: accepted, so that their URIs can be pasted, and reported with
 * the reason.
 */

/** An option that was accepted and has no effect here. */
export interface IgnoredOption {
  /** The name as written. */
  readonly name: string;
  /**
   * A plain number or true/false as written; anything else as `***`, because it may be a secret. Absent without a `=`.
   */
  readonly value?: string | undefined;
  /** Why the option has no effect here, and what to use instead. */
  readonly reason: string;
}

import { secretAdvice } from "./foreign-names.ts";

const SPARE = "no spare connections are kept: a standby does not answer, and the next endpoint is dialled at once";
const PRIORITY = "every round starts at the first endpoint; a session is not left for a preferred one";
const TRACKED = "unconfirmed sends are always kept and sent again; see inDoubt, maxPendingSends, maxPendingBytes";
const OPENWIRE_CONTROL = "it governs a control command of OpenWire, which neither STOMP nor AMQP has";
const SOCKET = "it tunes Java's socket; ours has fixed settings, and heartbeatMs and attemptTimeout find a dead peer";
const JAVA_INTERNAL = "it concerns the inner workings of the Java client";

export const IGNORED_OPTIONS: Readonly<Record<string, string>> = {
  backup: SPARE,
  backupPoolSize: SPARE,
  priorityBackup: PRIORITY,
  priorityURIs: PRIORITY,
  trackMessages: TRACKED,
  maxCacheSize: TRACKED,
  trackTransactionProducers: "a transaction in flight is never replayed",
  updateURIsURL: "the endpoints come from the URI and from the broker's alternates",
  rebalanceUpdateURIs: OPENWIRE_CONTROL,
  reconnectSupported: OPENWIRE_CONTROL,
  warnAfterReconnectAttempts: "nothing is logged; the events attempt and interrupted report every round",
  connectionTimeout: "it bounds Java's TCP connect; attemptTimeout bounds the whole attempt",
  soTimeout: SOCKET,
  soWriteTimeout: SOCKET,
  soLinger: SOCKET,
  keepAlive: SOCKET,
  tcpNoDelay: SOCKET,
  socketBufferSize: SOCKET,
  ioBufferSize: SOCKET,
  trafficClass: SOCKET,
  typeOfService: SOCKET,
  diffServ: SOCKET,
  useKeepAlive: SOCKET,
  useInactivityMonitor: SOCKET,
  useLocalHost: JAVA_INTERNAL,
  minmumWireFormatVersion: JAVA_INTERNAL,
  closeAsync: JAVA_INTERNAL,
  daemon: JAVA_INTERNAL,
  stackSize: JAVA_INTERNAL,
  trace: JAVA_INTERNAL,
  logWriterName: JAVA_INTERNAL,
  dynamicManagement: JAVA_INTERNAL,
  startLogging: JAVA_INTERNAL,
  jmxPort: JAVA_INTERNAL,
};

export const IGNORED_PREFIXES: Readonly<Record<string, string>> = {
  "jms.": "it configures the Java JMS client; see clientId, timeout, connectTimeoutMs and the options of connect()",
  "wireFormat.": "it configures OpenWire; see heartbeatMs for the inactivity check",
  "transport.": "it configures Java's transport; TLS is set by the tls option of connect()",
  "socket.": SOCKET,
  "amqp.": "it configures Qpid JMS; see heartbeatMs for the idle time-out",
  "sasl.": "it configures Qpid JMS's login; see credentials and saslMechanisms",
  "provider.": JAVA_INTERNAL,
  "discovery.": "it configures Java's discovery of brokers; the endpoints come from the URI",
  "discovered.": "it configures Java's discovery of brokers; the endpoints come from the URI",
};

/** Returns why an option of the Java clients has no effect here; undefined for any other name. */
export function ignoredBecause(name: string): string | undefined {
  if (Object.hasOwn(IGNORED_OPTIONS, name)) return IGNORED_OPTIONS[name];
  if (!/^[\w.-]{1,80}$/.test(name)) return undefined;
  const found = Object.entries(IGNORED_PREFIXES).find(([prefix]) => name.startsWith(prefix) && name !== prefix);
  if (!found) return undefined;
  const [prefix, reason] = found;
  const advice = secretAdvice(name);
  if (advice !== undefined) return prefix === "jms." ? `it configures the Java JMS client; ${advice}` : advice;
  const inner = name.slice(prefix.length);
  // The .NET clients write `transport.` before every option.
  return prefix === "transport." && Object.hasOwn(IGNORED_OPTIONS, inner) ? IGNORED_OPTIONS[inner] : reason;
}

/** Number of names shown on one line. */
const MAX_NAMES = 20;

/** One line for an error that names the ignored options; undefined if there are none. */
export function ignoredNote(ignored: readonly IgnoredOption[]): string | undefined {
  if (ignored.length === 0) return undefined;
  const names = ignored.slice(0, MAX_NAMES).map(({ name }) => name);
  return `Ignored options of the URI: ${names.join(", ")}${ignored.length > MAX_NAMES ? ", …" : ""}`;
}

/** The part of an ignored option's value that may be shown. */
export function maskedValue(name: string, value: string): string {
  const telling = Object.hasOwn(IGNORED_OPTIONS, name) && /^(true|false|-?\d{1,10})$/i.test(value);
  return telling ? value : "***";
}
