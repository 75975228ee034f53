/** Controls one member, in a child process or in this one. */
import type { MemberStats } from "../member/member.ts";
import type { MemberEvent, MemberSettings } from "../member/member-settings.ts";
import type { StoredMessageView } from "../member/message-view.ts";

/** What the group hears from a member: its own events, or that it has ended. */
export type MemberNews = MemberEvent | { readonly kind: "over" };

export interface MemberControl {
  readonly running: boolean;
  /** Resolves when it is standby, or active at once. */
  start(): Promise<void>;
  /** SIGKILL, or the nearest equivalent within one process. Resolves when it is over. */
  crash(): Promise<void>;
  /** Resolves when it is over. */
  stop(): Promise<void>;
  /** @throws UnsupportedError in one process. */
  pause(): void;
  resume(): void;
  stats(): Promise<MemberStats>;
  messages(queue: string): Promise<readonly StoredMessageView[]>;
}

export type StartMemberControl = (settings: MemberSettings, onNews: (news: MemberNews) => void) => MemberControl;
