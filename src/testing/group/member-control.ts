/** One member as the group drives it, in a process of its own or in this one. */
import type { MemberStats } from "../member/member.ts";
import type { MemberEvent, MemberSettings } from "../member/member-settings.ts";
import type { StoredMessageView } from "../member/message-view.ts";

/** What the group hears of a member: its own word, or that it is over. */
export type MemberNews = MemberEvent | { readonly kind: "over" };

export interface MemberControl {
  readonly running: boolean;
  /** Resolves when it is standby, or active at once. */
  start(): Promise<void>;
  /** SIGKILL, or what comes close to it in one process. Resolves when it is over. */
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
