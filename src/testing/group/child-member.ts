/** A member in a child process, so that crash() is a SIGKILL and pause() a SIGSTOP. */
import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UnsupportedError } from "../../errors/errors.ts";
import type { MemberStats } from "../member/member.ts";
import type { MemberSettings } from "../member/member-settings.ts";
import type { StoredMessageView } from "../member/message-view.ts";
import { Answers } from "./answers.ts";
import type { MemberControl, MemberNews } from "./member-control.ts";
import { FAILED_EXIT_CODE, type ToMember, type ToParent } from "./member-messages.ts";

/** The compiled program next to this built file: Node 20 cannot run the TypeScript source. */
const PROGRAM = fileURLToPath(new URL("../testing/member.js", import.meta.url));

interface RunningChild {
  readonly process: ChildProcess;
  readonly exited: Promise<void>;
  readonly answers: Answers;
}

export class ChildMember implements MemberControl {
  readonly #settings: MemberSettings;
  readonly #onNews: (news: MemberNews) => void;
  #child: RunningChild | undefined;
  #killAtExit: (() => void) | undefined;

  /** @throws UnsupportedError if the package was not built. */
  constructor(settings: MemberSettings, onNews: (news: MemberNews) => void) {
    if (!existsSync(PROGRAM)) {
      throw new UnsupportedError(
        `Members in child processes need the built package: ${PROGRAM} is missing. Run "npm run build", or start the group with inProcess: true`,
      );
    }
    this.#settings = settings;
    this.#onNews = onNews;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  async start(): Promise<void> {
    // execArgv is empty, because a test runner's flags (loaders, inspectors) are not meant for the member.
    const child = fork(PROGRAM, [], {
      serialization: "advanced",
      execArgv: [],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const answers = new Answers();
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const running: RunningChild = { process: child, exited, answers };
    this.#child = running;
    child.on("error", () => {});
    child.once("exit", (code) => this.#onExit(running, code));
    const started = new Promise<void>((resolve) => {
      child.on("message", (message: ToParent) => {
        if (message.kind !== "event") answers.take(message);
        else if (this.#child === running) this.#onNews(message.event);
        resolve();
      });
    });
    send(child, { kind: "start", settings: this.#settings });
    await Promise.race([started, exited]);
  }

  #onExit(running: RunningChild, code: number | null): void {
    running.answers.end("The member has ended");
    this.#forgetPause();
    if (this.#child !== running) return;
    this.#child = undefined;
    // A killed member has no exit code, a stopped one 0, and one that reported its failure FAILED_EXIT_CODE.
    if (code && code !== FAILED_EXIT_CODE) {
      this.#onNews({ kind: "failed", reason: `Its process ended with exit code ${code}; its output says why` });
    }
    this.#onNews({ kind: "over" });
  }

  async crash(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.process.kill("SIGKILL");
    await child.exited;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.resume();
    send(child.process, { kind: "stop" });
    const late = setTimeout(() => child.process.kill("SIGKILL"), STOP_PATIENCE_MS);
    await child.exited;
    clearTimeout(late);
  }

  pause(): void {
    const { process: child } = this.#running();
    child.kill("SIGSTOP");
    // A stopped child does not notice that its parent has gone.
    this.#killAtExit ??= () => child.kill("SIGKILL");
    process.once("exit", this.#killAtExit);
  }

  resume(): void {
    this.#running().process.kill("SIGCONT");
    this.#forgetPause();
  }

  #forgetPause(): void {
    if (this.#killAtExit) process.removeListener("exit", this.#killAtExit);
    this.#killAtExit = undefined;
  }

  async stats(): Promise<MemberStats> {
    return (await this.#ask((id) => ({ kind: "stats", id }))) as MemberStats;
  }

  async messages(queue: string): Promise<readonly StoredMessageView[]> {
    return (await this.#ask((id) => ({ kind: "messages", id, queue }))) as readonly StoredMessageView[];
  }

  #ask(question: (id: number) => ToMember): Promise<unknown> {
    const { process: child, answers } = this.#running();
    return answers.ask((id) => send(child, question(id)));
  }

  #running(): RunningChild {
    if (this.#child === undefined)
      throw new UnsupportedError("The member is not running; start it with restart(member)");
    return this.#child;
  }
}

/** How long an orderly end may take. */
const STOP_PATIENCE_MS = 5000;

function send(child: ChildProcess, message: ToMember): void {
  // The child may be gone already; then its exit is reported.
  if (child.connected) child.send(message, () => {});
}
