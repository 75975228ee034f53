/** What a pair of real brokers offers to tests and benches, whichever way it runs. */
import type { Credentials } from "../../src/uri/endpoint.ts";
import { plant } from "../support/secrets/planted.ts";
import type { probeStomp } from "./stomp-probe.ts";

export type Product = "classic" | "artemis";
export type Protocol = "stomp" | "amqp";
/** Where a member listens: for clients of this package, for other clients, and for AMQP as Classic takes it when nothing is configured. */
export type Connector = Protocol | "openwire" | "amqp-native" | SecureConnector;
/** Only where `secure` says so: TLS, TLS with client certificates, and tokens, which Artemis alone has. */
export type SecureConnector = "stomp+ssl" | "amqps" | "stomp-mutual" | "amqp-mutual" | "stomp-token" | "amqp-token";
/** Only Classic has an `amqp-native` connector. */
export const CONNECTORS = {
  classic: ["stomp", "amqp", "openwire", "amqp-native"],
  artemis: ["stomp", "amqp", "openwire"],
} as const satisfies Readonly<Record<Product, readonly Connector[]>>;
/** Of the members that config/secure describes. */
export const SECURE_CONNECTORS = {
  classic: ["stomp", "amqp", "stomp+ssl", "amqps", "stomp-mutual", "amqp-mutual"],
  artemis: ["stomp", "amqp", "stomp+ssl", "amqps", "stomp-mutual", "amqp-mutual", "stomp-token", "amqp-token"],
} as const satisfies Readonly<Record<Product, readonly Connector[]>>;
export type Way = "maven" | "docker";
/**
 * What the members share, and whether `a` takes over again when it is back. Pairs of Artemis come in all kinds, those of Classic
 * share their store: pair-kind.ts.
 */
export type PairKind = (typeof PAIR_KINDS)[number];
export const PAIR_KINDS = ["shared-store", "shared-store-failback", "replicated", "replicated-failback"] as const;
/** `a` is listed first in the group's URI, and is active when the group has started. */
export type MemberName = "a" | "b";
export const MEMBER_NAMES = ["a", "b"] as const;

/** Both ways start brokers with these users and refuse everybody else. `admin` / `admin` may do what `app` may. */
export const APP_CREDENTIALS: Credentials = { username: "app", password: plant("password", "app-password") };
/** May use destinations below `open.` and is refused everything else. */
export const RESTRICTED_CREDENTIALS: Credentials = {
  username: "restricted",
  password: plant("password", "restricted-password"),
};

/** Where a member runs and is reached, if not beside the test: a host of a network of the test's own. */
export interface Place {
  /** What the member's command begins with. */
  readonly prefix: readonly string[];
  /** The address clients reach it by. */
  readonly host: string;
  /** What it listens on, as a URI spells it; `host` unless said. */
  readonly listenOn?: string;
}

/** What a test may change about its brokers. Everything but `way` applies to the Maven way only; the docker way rejects it. */
export interface GroupOptions {
  readonly way?: Way;
  /** "shared-store" unless said. */
  readonly kind?: PairKind;
  /** Largest heap of a member, MiB; 512. */
  readonly heapMb?: number;
  /** Added to the JVM's options, after ours. */
  readonly jvmOptions?: readonly string[];
  /** Largest message body Classic takes, bytes; 75,497,472 (72 MiB). Artemis has no such limit. */
  readonly maxMessageBytes?: number;
  /** How much Classic stores before it refuses sends, as ActiveMQ writes sizes; "4gb". */
  readonly storeLimit?: string;
  /** Classic tells of consumers by advisories, over STOMP as JSON; false unless said. Artemis always notifies. */
  readonly advisories?: boolean;
  /** A directory in place of config/: see secure-group.ts. */
  readonly secure?: string;
  /** One for each member; both are on 127.0.0.1 unless said. */
  readonly places?: Readonly<Record<MemberName, Place>>;
  /** Asks a member from where it can be reached; from this process unless said. */
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
  /** The member that answers a STOMP CONNECT with CONNECTED now, if any. */
  active(): Promise<MemberName | undefined>;
  /** Resolves with the active member; rejects with both logs' ends after `timeoutMs` (30 s). */
  waitActive(options?: { readonly timeoutMs?: number }): Promise<MemberName>;
  /** SIGKILL. The signal is sent before the call returns (Maven way); resolves when the process is gone. */
  kill(member: MemberName): Promise<void>;
  /** A clean stop, by SIGTERM; resolves when the process is gone. */
  stop(member: MemberName): Promise<void>;
  /** SIGSTOP: the process keeps its lock and its sockets and answers nobody. */
  pause(member: MemberName): Promise<void>;
  /** SIGCONT. */
  resume(member: MemberName): Promise<void>;
  /**
   * Starts a member that was killed or stopped; resolves when it is active or waits for the lock as standby. Pairs that replicate or fail
   * back come to rest first: resolves when the standby is in sync, and `a` is active again where it fails back.
   */
  start(member: MemberName): Promise<void>;
  /** The process of a member while it runs; undefined otherwise, and always in the docker way. */
  pid(member: MemberName): number | undefined;
  /** The end of the log of a member's last run. */
  logTail(member: MemberName, lines?: number): Promise<string>;
  /** Kills both members, waits for their exit and removes the store. Again: nothing. */
  close(): Promise<void>;
}

/** The other member of the pair. */
export function otherMember(member: MemberName): MemberName {
  return member === "a" ? "b" : "a";
}

/** What each product logs when it waits for the store's lock, and when it serves clients. */
export const LOG_LINES = {
  classic: { standbyLine: /in slave mode waiting a lock/, activeLine: /Apache ActiveMQ .* started$/m },
  artemis: { standbyLine: /AMQ221034/, activeLine: /AMQ221007/ },
} as const satisfies Readonly<Record<Product, { readonly standbyLine: RegExp; readonly activeLine: RegExp }>>;
