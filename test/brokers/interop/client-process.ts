/**
 * Another client in a child process. It reads a line of JSON as a question and answers with a line of JSON, one at a
 * time.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { guardChild } from "../exit-guard.ts";
import {
  EMPTY_AFTER_MS,
  type InteropClient,
  RECEIVE_TIMEOUT_MS,
  type SeenMessage,
  type SentMessage,
} from "./interop-client.ts";

/** Longer than any wait of a client itself. */
const ANSWER_TIMEOUT_MS = 3 * RECEIVE_TIMEOUT_MS;
const KEPT_ERROR_CHARACTERS = 4_000;

interface Answer {
  readonly error?: string;
  readonly id?: string;
  readonly message?: SeenMessage | null;
}

export class ClientProcess implements InteropClient {
  readonly #name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  #errors = "";
  /** The previous operation: an answer belongs to the oldest question. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(name: string, command: string, args: readonly string[]) {
    this.#name = name;
    this.#child = spawn(command, args, { stdio: "pipe" });
    guardChild(this.#child);
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stderr.on("data", (chunk) => {
      this.#errors = (this.#errors + String(chunk)).slice(-KEPT_ERROR_CHARACTERS);
    });
    // If the client has ended, its missing answer reports that.
    this.#child.stdin.on("error", () => {});
    this.#child.on("error", (error) => {
      this.#errors += error.message;
    });
  }

  async send(destination: string, message: SentMessage): Promise<string | undefined> {
    return (await this.#ask({ op: "send", destination, message })).id;
  }

  async receive(destination: string): Promise<SeenMessage> {
    return this.#seen(await this.#ask({ op: "receive", destination, timeoutMs: RECEIVE_TIMEOUT_MS }), destination);
  }

  async receiveLast(destination: string): Promise<{ readonly message: SeenMessage; readonly empty: boolean }> {
    const first = { op: "receive", destination, timeoutMs: RECEIVE_TIMEOUT_MS, individually: true };
    const message = this.#seen(await this.#ask(first), destination);
    const { message: another } = await this.#ask({ ...first, timeoutMs: EMPTY_AFTER_MS });
    return { message, empty: !another };
  }

  async request(destination: string, message: SentMessage, temporary: boolean): Promise<SeenMessage> {
    const answer = await this.#ask({ op: "request", destination, message, temporary, timeoutMs: RECEIVE_TIMEOUT_MS });
    return this.#seen(answer, destination);
  }

  async respond(destination: string, message: SentMessage): Promise<SeenMessage> {
    const answer = await this.#ask({ op: "respond", destination, message, timeoutMs: RECEIVE_TIMEOUT_MS });
    return this.#seen(answer, destination);
  }

  async close(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null || this.#child.pid === undefined) return;
    const closed = once(this.#child, "close");
    this.#child.stdin.end();
    this.#child.kill("SIGKILL");
    await closed;
  }

  #seen({ message }: Answer, destination: string): SeenMessage {
    if (message) return message;
    throw new Error(`${this.#name} got nothing from ${destination} within ${RECEIVE_TIMEOUT_MS} ms`);
  }

  #ask(question: object): Promise<Answer> {
    const answer = this.#last.then(() => this.#exchange(question));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #exchange(question: object): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), ANSWER_TIMEOUT_MS);
    const { value, done } = await this.#answers.next();
    clearTimeout(timer);
    if (done) throw new Error(`${this.#name} ended instead of answering ${JSON.stringify(question)}: ${this.#errors}`);
    const answer: Answer = JSON.parse(value);
    if (answer.error !== undefined) throw new Error(`${this.#name} failed: ${answer.error}`);
    return answer;
  }
}
