/** The start settings of one member, which can be sent to a child process. */
import type { Credentials } from "../../uri/endpoint.ts";

/** The protocols that an embedded group speaks. */
export type TestProtocol = "stomp" | "amqp";

export interface MemberSettings {
  /** The directory of the store, which the members share. */
  readonly directory: string;
  readonly lockPort: number;
  /** The ports it listens on once it is active. */
  readonly ports: Readonly<Partial<Record<TestProtocol, number>>>;
  readonly credentials: Credentials | undefined;
  /** Key and certificate as PEM; undefined: no TLS. */
  readonly certificate?: { readonly key: string; readonly cert: string } | undefined;
  /** The time between getting the lock and listening, in ms. */
  readonly takeoverDelayMs: number;
  readonly lockPollMs: number;
  readonly duplicateDetection: boolean;
  readonly deadLetterQueue: string;
  readonly maxMessages: number;
  readonly maxMessageBytes: number;
  readonly idleTimeoutMs: number;
}

/** What a member reports to the group. */
export type MemberEvent =
  /** It waits for the lock. */
  | { readonly kind: "standby" }
  /** It has replayed the store and listens. */
  | { readonly kind: "active" }
  /** It ended unexpectedly, because the disk or a port failed. */
  | { readonly kind: "failed"; readonly reason: string };
