/** What the watch of a link needs to know about a group. */
import type { Connection } from "../../messaging/connection/connection.ts";
import type { Protocol } from "../routing/message-identity.ts";

export interface WatchedGroup {
  /** The group's key under `groups` in the configuration. */
  readonly name: string;
  /** The group's name in the path of messages. */
  readonly id: string;
  readonly protocol: Protocol;
  readonly connection: Connection;
}

/** A problem that somebody should know about, although the link goes on. */
export interface BridgeWarning {
  /** The link, by its key in the configuration. */
  readonly link: string;
  /** The group concerned, by its key in the configuration; undefined when both groups are. */
  readonly group: string | undefined;
  /** A code such as `GROUP_HAS_TWO_NAMES`, or the code of a connection's warning. */
  readonly code: string;
  /** What happened, and what to do. */
  readonly message: string;
}

export type Warn = (warning: Omit<BridgeWarning, "link">) => void;
