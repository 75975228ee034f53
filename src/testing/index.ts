/** Public as masterslave-transport/testing: a group to fail over on command, and a proxy to break connections with. */
export {
  EmbeddedGroup,
  embeddedGroup,
  type GroupStats,
  type MemberEndpoint,
  type Takeover,
  type TakeoverOptions,
} from "./embedded-group.ts";
export type { EmbeddedGroupOptions } from "./group/group-options.ts";
export type { StoredMessageView } from "./member/message-view.ts";
