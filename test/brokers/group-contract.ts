/** The interface of a pair of real brokers for tests and benchmarks, however it runs. */
import type { Credentials } from "../../src/uri/endpoint.ts";
import { plant } from "../support/secrets/planted.ts";
import type { probeStomp } from "./stomp-probe.ts";

export type Product = "classic" | "artemis";
export type Protocol = "stomp" | "amqp";
/**
 * The ports of a member: for clients of this package, for other clients, and for AMQP with Classic's default
 * transformer.
 */
export type Connector = Protocol | "openwire" | "amqp-native" | SecureConnector;
/** Only with `secure`: TLS, TLS with client certificates, and tokens (Artemis only). */
export type SecureConnector = "stomp+ssl" | "amqps" | "stomp-mutual" | "amqp-mutual" | "stomp-token" | "amqp-token";
/** Only Classic has an `amqp-native` connector. */
export const CONNECTORS = {
  classic: ["stomp", "amqp", "openwire", "amqp-native"],
  artemis: ["stomp", "amqp", "openwire"],
} as const satisfies Readonly<Record<Product, readonly Connector[]>>;
/** The ports of the members that config/secure describes. */
export const SECURE_CONNECTORS = {
  classic: ["stomp", "amqp", "stomp+ssl", "amqps", "stomp-mutual", "amqp-mutual"],
  artemis: ["stomp", "amqp", "stomp+ssl", "amqps", "stomp-mutual", "amqp-mutual", "stomp-token", "amqp-token"],
} as const satisfies Readonly<Record<Product, readonly Connector[]>>;
export type Way = "maven" | "docker";
/**
 * Whether the members share a store, and whether `a` becomes active again when it is back. Artemis supports every kind
 * of pair; pairs of Classic share their store: pair-kind.ts.
 */
export type PairKind = (typeof PAIR_KINDS)[number];
export const PAIR_KINDS = ["shared-store", "shared-store-failback", "replicated", "replicated-failback"] as const;
/** `a` is first in the group's URI, and active after the group's start. */
export type MemberName = "a" | "b";
export const MEMBER_NAMES = ["a", "b"] as const;

/**
 * The users in both ways of running brokers; everybody else is refused. `admin` / `admin` has the permissions of `app`.
 */
export const APP_CREDENTIALS: Credentials = { username: "app", password: plant("password", "app-password") };
/** This user may only use destinations below `open.`. */
export const RESTRICTED_CREDENTIALS: Credentials = {
  username: "restricted",
  password: plant("password", "restricted-password"),
};

/** The place of a member: beside the test, or a host in a network of the test's own. */
export interface Place {
  /** What precedes the member's command. */
  readonly prefix: readonly string[];
  /** The address at which clients reach the member. */
  readonly host: string;
  /** The address on which the member listens, as in a URI; `host` by default. */
  readonly listenOn?: string;
}

/** What a test can configure. Everything but `way` works in the Maven way only, and is refused by the docker way. */
export interface GroupOptions {
  readonly way?: Way;
  /** The kind of pair; "shared-store" by default. */
  readonly kind?: PairKind;
  /** The largest heap of a member in MiB; 512 by default. */
  readonly heapMb?: number;
  /** Added to the JVM's options, after ours. */
  readonly jvmOptions?: readonly string[];
  /**
   * The largest message body that Classic accepts, in bytes; 75,497,472 (72 MiB) by default. Artemis has no such limit.
   */
  readonly maxMessageBytes?: number;
  /** How much Classic stores before it refuses sends, in ActiveMQ's notation; "4gb" by default. */
  readonly storeLimit?: string;
  /**
   * Whether Classic announces consumers by advisories, as JSON over STOMP; false by default. Artemis always notifies.
   */
  readonly advisories?: boolean;
  /** A directory that replaces config/: see secure-group.ts. */
  readonly secure?: string;
  /** The place of each member; both are on 127.0.0.1 by default. */
  readonly places?: Readonly<Record<MemberName, Place>>;
  /** Probes a member from where it can be reached; from this process by default. */
  readonly probe?: typeof probeStomp;
}

export interface RealGroup extends AsyncDisposable {
  readonly product: Product;
  readonly version: string;
  readonly way: Way;
  readonly credentials: Credentials;
  /** `masterslave:(…)` with both members, `a` first, without credentials. */
  uri(protocol: Protocol): string;
  endpoint(member: MemberName, connector: Connector): { readonly host: string; readonly port: number };
  /** Resolves with the member that answers a STOMP CONNECT with CONNECTED now, if any. */
  active(): Promise<MemberName | undefined>;
  /** Resolves with the active member; rejects with both logs' ends after `timeoutMs` (30 s). */
  waitActive(options?: { readonly timeoutMs?: number }): Promise<MemberName>;
  /** SIGKILL. The signal is sent before the call returns (Maven way); resolves when the process is gone. */
  kill(member: MemberName): Promise<void>;
  /** A clean stop, by SIGTERM; resolves when the process is gone. */
  stop(member: MemberName): Promise<void>;
  /** SIGSTOP: the process keeps its lock and its sockets and answers nothing. */
  pause(member: MemberName): Promise<void>;
  /** SIGCONT. */
  resume(member: MemberName): Promise<void>;
  /**
   * Starts a member that was killed or stopped. Resolves when it is active or waits for the lock as the standby. A pair
   * that replicates or fails back must come to rest first: it resolves when the standby is in sync, and with failback
   * when `a` is active again.
   */
  start(member: MemberName): Promise<void>;
  /** The process id of a running member; undefined if it does not run, and always in the docker way. */
  pid(member: MemberName): number | undefined;
  /** The end of the log of a member's last run. */
  logTail(member: MemberName, lines?: number): Promise<string>;
  /** Kills both members, waits for their exit and removes the store. A second call does nothing. */
  close(): Promise<void>;
}

/** The other member of the pair. */
export function otherMember(member: MemberName): MemberName {
  return member === "a" ? "b" : "a";
}

/** What each product logs when it waits for the store's lock, and when it becomes active. */
export const LOG_LINES = {
  classic: { standbyLine: /in slave mode waiting a lock/, activeLine: /Apache ActiveMQ .* started$/m },
  artemis: { standbyLine: /AMQ221034/, activeLine: /AMQ221007/ },
} as const satisfies Readonly<Record<Product, { readonly standbyLine: RegExp; readonly activeLine: RegExp }>>;
