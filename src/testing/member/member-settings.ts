/** What one member is told when it starts; it can be sent to a child process. */
import type { Credentials } from "../../uri/endpoint.ts";

/** The protocols that an embedded group speaks. */
export type TestProtocol = "stomp" | "amqp";

export interface MemberSettings {
  /** Of the store, shared by the members. */
  readonly directory: string;
  readonly lockPort: number;
  /** Where it listens once it is active. */
  readonly ports: Readonly<Partial<Record<TestProtocol, number>>>;
  readonly credentials: Credentials | undefined;
  /** Key and certificate as PEM; undefined: no TLS. */
  readonly certificate?: { readonly key: string; readonly cert: string } | undefined;
  /** Between having the lock and listening. */
  readonly takeoverDelayMs: number;
  readonly lockPollMs: number;
  readonly duplicateDetection: boolean;
  readonly deadLetterQueue: string;
  readonly maxMessages: number;
  readonly maxMessageBytes: number;
  readonly idleTimeoutMs: number;
}

/** What a member tells the group. */
export type MemberEvent =
  /** It waits for the lock. */
  | { readonly kind: "standby" }
  /** It listens, having replayed the store. */
  | { readonly kind: "active" }
  /** It is over without having been asked to: the disk or a port refused. */
  | { readonly kind: "failed"; readonly reason: string };
