/** A program in a host, from the side of the test that started it: its operations are called over IPC. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Host } from "./host.ts";
import type { Answer, Call, Operations } from "./serve-calls.ts";

interface Waiter {
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: Error) => void;
}

export class HostProgram<O extends Operations> implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiter>();
  #calls = 0;

  private constructor(child: ChildProcess, what: string) {
    this.#child = child;
    child.on("message", ({ id, result, error }: Answer) => {
      const waiter = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiter?.resolve(result);
      else waiter?.reject(new Error(`${what}: ${error}`));
    });
    child.once("close", (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${what} has ended (${signal ?? code})`));
      this.#waiting.clear();
    });
  }

  /** Resolves when the program, which must call `serveCalls`, is ready. */
  static async start<O extends Operations>(host: Host, program: URL): Promise<HostProgram<O>> {
    const started = new HostProgram<O>(host.fork(program), `${program.pathname.split("/").at(-1)} in ${host.name}`);
    await started.#answerTo(0);
    return started;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async call<Name extends keyof O & string>(
    name: Name,
    ...args: Parameters<O[Name]>
  ): Promise<Awaited<ReturnType<O[Name]>>> {
    this.#calls += 1;
    const answer = this.#answerTo(this.#calls);
    this.#child.send({ id: this.#calls, name, args } satisfies Call);
    return (await answer) as Awaited<ReturnType<O[Name]>>;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Kills it; resolves when it is gone. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, "close");
    this.#child.kill("SIGKILL");
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #answerTo(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }
}
