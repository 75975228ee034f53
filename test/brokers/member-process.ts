/** One broker member as a child JVM, with the same ports and store at every start, and a log file for every run. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { guardChild } from "./exit-guard.ts";

export interface MemberSettings {
  readonly name: string;
  /** The directory of the logs, and the working directory of the process. */
  readonly directory: string;
  /** What precedes the command: nothing, or a command that runs it in another place. */
  readonly prefix: readonly string[];
  readonly javaArguments: readonly string[];
  /** The log lines of a member that waits for the lock, and of one that is active. */
  readonly standbyLine: RegExp;
  readonly activeLine: RegExp;
  /** How many lines of its log the error of a failed start shows; 40 by default. */
  readonly failureLines?: number;
}

/**
 * A primary that returns to a replicated pair copies the whole store and reads it before it is active: 50 s were
 * measured.
 */
const START_TIMEOUT_MS = 150_000;
const STOP_TIMEOUT_MS = 30_000;
const LOG_POLL_MS = 10;

export class MemberProcess {
  readonly #settings: MemberSettings;
  #child: ChildProcess | undefined;
  #runs = 0;

  constructor(settings: MemberSettings) {
    this.#settings = settings;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Resolves with the role that the member's log reports; rejects with the end of the log if the process dies or
   * reports no role.
   */
  async start(): Promise<"active" | "standby"> {
    if (this.#child !== undefined) throw new Error(`Member ${this.#settings.name} is running already`);
    this.#runs += 1;
    const child = await this.#spawn();
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < deadline) {
      const log = await readFile(this.#logPath(), "utf8");
      if (this.#settings.activeLine.test(log)) return "active";
      if (this.#settings.standbyLine.test(log)) return "standby";
      if (this.#child !== child) break;
      await sleep(LOG_POLL_MS);
    }
    await this.end("SIGKILL");
    throw new Error(
      `Member ${this.#settings.name} did not start; its log ends:\n${await this.logTail(this.#settings.failureLines ?? 40)}`,
    );
  }

  /** The role that a running member's log reported last; undefined if it has reported none, or if none runs. */
  async state(): Promise<"active" | "standby" | undefined> {
    if (this.#child === undefined) return undefined;
    const lines = (await readFile(this.#logPath(), "utf8")).split("\n").reverse();
    for (const line of lines) {
      if (this.#settings.activeLine.test(line)) return "active";
      if (this.#settings.standbyLine.test(line)) return "standby";
    }
    return undefined;
  }

  /** Sends a signal to a running member at once; throws if none runs. */
  signal(signal: NodeJS.Signals): void {
    if (this.#child === undefined) throw new Error(`Member ${this.#settings.name} is not running; no ${signal} sent`);
    this.#child.kill(signal);
  }

  /**
   * Sends the signal at once. Resolves when the process is gone, immediately if none runs. If SIGTERM takes too long,
   * sends SIGKILL and rejects.
   */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const closed = once(child, "close");
    child.kill(signal);
    const impatience = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await closed;
    clearTimeout(impatience);
    if (signal === "SIGTERM" && child.signalCode === "SIGKILL") {
      throw new Error(`Member ${this.#settings.name} did not stop within ${STOP_TIMEOUT_MS} ms and was killed`);
    }
  }

  async logTail(lines: number): Promise<string> {
    if (this.#runs === 0) return "(never started)";
    const text = await readFile(this.#logPath(), "utf8").catch(() => "(no log)");
    return text.trimEnd().split("\n").slice(-lines).join("\n");
  }

  async #spawn(): Promise<ChildProcess> {
    const log = await open(this.#logPath(), "w");
    try {
      // Standard input stays open as long as this process lives. When it closes, ParentWatch ends the JVM.
      const [file = "", ...args] = [...this.#settings.prefix, "java", ...this.#settings.javaArguments];
      const child = spawn(file, args, {
        cwd: this.#settings.directory,
        stdio: ["pipe", log.fd, log.fd],
      });
      guardChild(child);
      this.#child = child;
      child.once("close", () => {
        this.#child = undefined;
      });
      await once(child, "spawn");
      return child;
    } catch (error) {
      this.#child = undefined;
      throw new Error(`java could not be started for member ${this.#settings.name}`, { cause: error });
    } finally {
      await log.close();
    }
  }

  #logPath(): string {
    return join(this.#settings.directory, `${this.#settings.name}-${this.#runs}.log`);
  }
}
