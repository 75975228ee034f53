/** The messages between the group and a member in a child process. */
import type { MemberStats } from "../member/member.ts";
import type { MemberEvent, MemberSettings } from "../member/member-settings.ts";
import type { StoredMessageView } from "../member/message-view.ts";

export type ToMember =
  | { readonly kind: "start"; readonly settings: MemberSettings }
  | { readonly kind: "stop" }
  | { readonly kind: "stats"; readonly id: number }
  | { readonly kind: "messages"; readonly id: number; readonly queue: string };

export type ToParent =
  | { readonly kind: "event"; readonly event: MemberEvent }
  | { readonly kind: "answer"; readonly id: number; readonly value: MemberStats | readonly StoredMessageView[] }
  | { readonly kind: "refused"; readonly id: number; readonly reason: string };

/** The exit code of a member that has reported why it failed. */
export const FAILED_EXIT_CODE = 70;
