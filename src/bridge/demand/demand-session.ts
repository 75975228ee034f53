/** One session of a demand watch: who consumes in the target group, as its broker tells it while the session lasts. */
import type { Connection } from "../../messaging/connection/connection.ts";
import type { Protocol } from "../routing/message-identity.ts";
import type { DestinationPattern } from "../routing/pattern.ts";

export interface DemandSession {
  /** Resolves when every consumer is known; rejects with an Error that says why the broker does not tell. */
  readonly ready: Promise<void>;
  /** What has a consumer now, wildcards of consumers included. */
  demanded(): readonly DestinationPattern[];
  /** Leaves; nothing is told any more. Never rejects. */
  close(): Promise<void>;
}

export interface DemandSessionDeps {
  /** Connected to the group whose consumers are watched. */
  readonly connection: Connection;
  readonly protocol: Protocol;
  /** Whether consumers of a destination are of interest; the others are not kept. */
  readonly isRelevant: (destination: DestinationPattern) => boolean;
  /** A consumer came or went. */
  readonly onChange: () => void;
  /** The broker has ended the session's subscription. */
  readonly onFailed: (reason: string) => void;
}

/** Why a session cannot tell, in words. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
