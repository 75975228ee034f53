/** Requests on one connection, answered on another. Every fifth reply goes to a temporary queue. */
import type { Connection } from "../../../../src/messaging/connection/connection.ts";
import type { Responder } from "../../../../src/messaging/requests/responder.ts";
import { Lanes } from "./lanes.ts";
import type { LoadContext, LoadFindings, RunningLoad, StartLoad } from "./load.ts";
import { RequestBook } from "./request-book.ts";

const TEMPORARY_EVERY = 5;
/** Longer than any outage: a request that takes longer is lost. */
const TIMEOUT_MS = 45_000;

export const startRequests: StartLoad = async (context) => {
  const queue = `queue://${context.name}.requests`;
  const requests = new Requests(context, queue, await context.connect(), await context.connect());
  await requests.ready;
  return requests;
};

class Requests implements RunningLoad {
  readonly #queue: string;
  readonly #requester: Connection;
  readonly #responder: Responder;
  readonly #book: RequestBook;
  /** Artemis has no temporary queues over STOMP, and the library says so. */
  readonly #noTemporary: boolean;
  readonly #failures: string[] = [];
  readonly #lanes: Lanes;
  #begun = 0;

  constructor(
    { product, protocol, restMs = 0 }: LoadContext,
    queue: string,
    requester: Connection,
    answering: Connection,
  ) {
    this.#noTemporary = product === "artemis" && protocol === "stomp";
    this.#book = new RequestBook(this.#noTemporary ? ["SUBSCRIPTION_REFUSED"] : []);
    this.#queue = queue;
    this.#requester = requester;
    this.#responder = answering.respond(
      queue,
      (message) => {
        const n = Number(message.properties["n"]);
        this.#book.answered(n);
        return { n };
      },
      { concurrency: 6 },
    );
    this.#responder.done.catch((reason: unknown) => this.#failures.push(`the responder failed: ${reason}`));
    this.#lanes = new Lanes({ lanes: 12, pauseMs: 10 + restMs }, () => this.#ask());
  }

  get ready(): Promise<void> {
    return this.#responder.ready;
  }

  get done(): number {
    return this.#book.replied;
  }

  stop(): Promise<void> {
    return this.#lanes.stop();
  }

  async settle(): Promise<void> {
    await this.#responder.close();
    await this.#responder.done.catch(() => {});
  }

  findings(): LoadFindings {
    const found = this.#book.findings();
    return { ...found, unexpected: [...found.unexpected, ...this.#failures] };
  }

  async #ask(): Promise<void> {
    this.#begun += 1;
    const once = this.#begun === TEMPORARY_EVERY;
    const temporary = this.#noTemporary ? once : this.#begun % TEMPORARY_EVERY === 0;
    const n = this.#book.next({ temporary });
    try {
      const reply = await this.#requester.request(this.#queue, `request ${n}`, {
        temporary,
        timeoutMs: TIMEOUT_MS,
        properties: { n },
      });
      this.#book.resolved(n, numberIn(reply.json()));
    } catch (reason) {
      this.#book.rejected(n, reason);
    }
  }
}

function numberIn(body: unknown): number {
  return typeof body === "object" && body !== null && "n" in body ? Number(body.n) : Number.NaN;
}
