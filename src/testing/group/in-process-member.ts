/** A member in the test's own process: fast to start and to crash, but not killed by the kernel. */
import { UnsupportedError } from "../../errors/errors.ts";
import { Member, type MemberStats } from "../member/member.ts";
import type { MemberSettings } from "../member/member-settings.ts";
import type { StoredMessageView } from "../member/message-view.ts";
import type { MemberControl, MemberNews } from "./member-control.ts";

export class InProcessMember implements MemberControl {
  readonly #settings: MemberSettings;
  readonly #onNews: (news: MemberNews) => void;
  #member: Member | undefined;

  constructor(settings: MemberSettings, onNews: (news: MemberNews) => void) {
    this.#settings = settings;
    this.#onNews = onNews;
  }

  get running(): boolean {
    return this.#member !== undefined;
  }

  async start(): Promise<void> {
    const member: Member = new Member(this.#settings, (event) => {
      this.#onNews(event);
      if (event.kind === "failed" && this.#member === member) void this.crash();
    });
    this.#member = member;
  }

  crash(): Promise<void> {
    return this.#end((member) => member.crash());
  }

  stop(): Promise<void> {
    return this.#end((member) => member.stop());
  }

  async #end(how: (member: Member) => Promise<void>): Promise<void> {
    const member = this.#member;
    if (member === undefined) return;
    this.#member = undefined;
    this.#onNews({ kind: "over" });
    await how(member);
  }

  pause(): void {
    throw new UnsupportedError(
      "A member in this process cannot be paused (SIGSTOP); start the group without inProcess",
    );
  }

  resume(): void {
    this.pause();
  }

  async stats(): Promise<MemberStats> {
    return this.#running().stats();
  }

  async messages(queue: string): Promise<readonly StoredMessageView[]> {
    return this.#running().messages(queue);
  }

  #running(): Member {
    if (this.#member === undefined)
      throw new UnsupportedError("The member is not running; start it with restart(member)");
    return this.#member;
  }
}
