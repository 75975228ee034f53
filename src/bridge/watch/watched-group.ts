/** What the watch of a link needs to know of a group. */
import type { Connection } from "../../messaging/connection/connection.ts";
import type { Protocol } from "../routing/message-identity.ts";

export interface WatchedGroup {
  /** The key in `groups`. */
  readonly name: string;
  /** The name in the path of messages. */
  readonly id: string;
  readonly protocol: Protocol;
  readonly connection: Connection;
}

/** Something that somebody should know of a link, though the link goes on. */
export interface BridgeWarning {
  /** The link, by its key in the configuration. */
  readonly link: string;
  /** The group that it is about, by its key in the configuration; undefined when it is about both. */
  readonly group: string | undefined;
  /** Such as `GROUP_HAS_TWO_NAMES`, or a code of the connection's own warnings. */
  readonly code: string;
  /** What happened, and what to do. */
  readonly message: string;
}

export type Warn = (warning: Omit<BridgeWarning, "link">) => void;
