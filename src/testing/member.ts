/** The program of a member in a child process: it gets its settings and questions by IPC, and ends with its parent. */
import { rmSync } from "node:fs";
import { FAILED_EXIT_CODE, type ToMember, type ToParent } from "./group/member-messages.ts";
import { Member } from "./member/member.ts";
import type { MemberSettings } from "./member/member-settings.ts";

/** How long a parent that got the same signal may take to end. */
const SIGTERM_GRACE_MS = 500;

let member: Member | undefined;
let directory: string | undefined;

process.on("message", (message: ToMember) => {
  switch (message.kind) {
    case "start":
      start(message.settings);
      break;
    case "stop":
      void member?.stop().then(() => process.exit(0));
      break;
    default:
      answer(message);
  }
});

// The parent is gone, perhaps killed: nobody else can remove the store.
process.on("disconnect", () => {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  process.exit(0);
});

// Ctrl-C and a closed terminal signal every process of the group: if the parent ends too, this member notices. If the
// parent lives on, the SIGTERM was for this member alone.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
process.on("SIGTERM", () => setTimeout(() => process.exit(0), SIGTERM_GRACE_MS));

function start(settings: MemberSettings): void {
  directory = settings.directory;
  member = new Member(settings, (event) => {
    // A failed member exits, and the kernel closes its connections.
    if (event.kind === "failed") tell({ kind: "event", event }, () => process.exit(FAILED_EXIT_CODE));
    else tell({ kind: "event", event });
  });
}

function answer(question: Extract<ToMember, { readonly kind: "stats" | "messages" }>): void {
  try {
    if (member === undefined) throw new Error("The member has not been started");
    const value = question.kind === "stats" ? member.stats() : member.messages(question.queue);
    tell({ kind: "answer", id: question.id, value });
  } catch (cause) {
    tell({ kind: "refused", id: question.id, reason: cause instanceof Error ? cause.message : String(cause) });
  }
}

function tell(message: ToParent, onTold: () => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, undefined, onTold);
}
