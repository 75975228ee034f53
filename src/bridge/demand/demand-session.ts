/**
 * One session of a demand watch: the consumers in the target group, as its broker reports them while the session lasts.
 */
import type { Connection } from "../../messaging/connection/connection.ts";
import type { Protocol } from "../routing/message-identity.ts";
import type { DestinationPattern } from "../routing/pattern.ts";

export interface DemandSession {
  /** Resolves when every consumer is known. Rejects with an Error that says why the broker does not report them. */
  readonly ready: Promise<void>;
  /** The destinations that have a consumer now, including the wildcards that consumers use. */
  demanded(): readonly DestinationPattern[];
  /** Closes the consumers of the session. Nothing is called afterwards. Never rejects. */
  close(): Promise<void>;
}

export interface DemandSessionDeps {
  /** A connection to the group whose consumers are watched. */
  readonly connection: Connection;
  readonly protocol: Protocol;
  /** Whether consumers of this destination matter to the link. Others are not recorded. */
  readonly isRelevant: (destination: DestinationPattern) => boolean;
  /** Called when a consumer came or went. */
  readonly onChange: () => void;
  /** Called when the broker has ended the session's subscription. */
  readonly onFailed: (reason: string) => void;
  /** Called when the broker sent something that cannot be read, and that was left out. */
  readonly onUnreadable: () => void;
}
