/** Works through a consumer's deliveries with a handler, settling for it. */
import { inspect } from "node:util";
import { guarded } from "../../../async/isolated-emitter.ts";
import { onAbort } from "../../../async/on-abort.ts";
import { startTimer } from "../../../async/timer.ts";
import type { WorkScope } from "../../../async/work-scope.ts";
import { InvalidArgumentError, UnsupportedError } from "../../../errors/errors.ts";
import { textOf } from "../../../errors/text-of.ts";
import { checkFlags, checkFunction, readOptions } from "../../messages/argument-checks.ts";
import type { Delivery } from "../deliveries/delivery.ts";
import { type Attempt, attemptAndAccept, attemptInTransaction, type Failure } from "./attempt.ts";
import type { ProcessMessage } from "./process-context.ts";
import {
  type CheckedRedelivery,
  checkRedelivery,
  type HandlerFailure,
  type RedeliveryPolicy,
  redeliveryDelayMs,
} from "./redelivery-policy.ts";
import type { Transact } from "./transact.ts";

/** Where run() takes deliveries from: a consumer. */
interface DeliverySource {
  next(): Promise<IteratorResult<Delivery, void>>;
  close(): Promise<void>;
}

/** What run() may be told. */
export interface RunOptions {
  /** How many messages are worked on at once; 1 unless said. */
  readonly concurrency?: number | undefined;
  /** Kept here while it waits, where it counts against the prefetch and holds its place in the concurrency. */
  readonly redelivery?: RedeliveryPolicy | undefined;
  /** Accepts each message in a transaction of its own. */
  readonly transacted?: boolean | undefined;
  /** Told of each call of the handler that failed, as the event `handlerFailed` of the connection is. */
  readonly onError?: ((failure: HandlerFailure) => void) | undefined;
}

export const RUN_OPTIONS = [
  "concurrency",
  "redelivery",
  "transacted",
  "onError",
] as const satisfies readonly (keyof RunOptions)[];

/** With what is not said filled in. @throws InvalidArgumentError */
export function readRunOptions({ concurrency = 1, redelivery = { max: 0 }, transacted = false, onError }: RunOptions) {
  if (!(Number.isInteger(concurrency) && concurrency > 0))
    throw new InvalidArgumentError(`concurrency is a positive whole number, not ${inspect(concurrency)}`);
  checkFlags({ transacted });
  if (onError !== undefined) checkFunction("onError is", onError);
  return { concurrency, redelivery: checkRedelivery(redelivery), transacted, onError };
}

/** What run() needs of the connection. */
export interface RunDeps {
  readonly transact: Transact;
  /** Recognises a call that comes out of a handler. */
  readonly work: WorkScope;
  /** Fires when the consumer hands over nothing more. */
  readonly intakeOver: AbortSignal;
  /** What the consumer was asked for. */
  readonly destination: string;
  /** Tells of a call that failed; `heard`: onError was told of it too. Never throws. */
  readonly handlerFailed: (failure: HandlerFailure, heard: boolean) => void;
}

/** How often messages that came back have failed: a few thousand, for what other consumers got meanwhile is never heard of again. */
const MAX_REMEMBERED = 5_000;

/** Resolves when the consumer is closed and every handler has finished; rejects, after closing it, when it or a settlement failed. */
export async function runConsumer(
  consumer: DeliverySource,
  handler: ProcessMessage,
  options: RunOptions,
  means: RunDeps,
): Promise<void> {
  const read = readRunOptions(readOptions("run", options, RUN_OPTIONS));
  // Found out by the first message it would have sent that to the dead letter queue.
  if (typeof handler !== "function") throw new InvalidArgumentError(`run() is given a function, not ${typeof handler}`);
  const runner = new Runner(consumer, handler, read, means);
  const outcomes = await Promise.allSettled(Array.from({ length: read.concurrency }, () => runner.work()));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) throw failed.reason;
}

class Runner {
  readonly #consumer: DeliverySource;
  readonly #policy: CheckedRedelivery;
  readonly #onError: ((failure: HandlerFailure) => void) | undefined;
  readonly #means: RunDeps;
  /** Failures of messages that are to come again. */
  readonly #failed = new Map<string, { readonly failures: number; readonly failure: Failure }>();
  readonly #attempt: Attempt;

  constructor(
    consumer: DeliverySource,
    handler: ProcessMessage,
    { redelivery, transacted, onError }: ReturnType<typeof readRunOptions>,
    means: RunDeps,
  ) {
    this.#consumer = consumer;
    this.#policy = redelivery;
    this.#onError = onError && guarded("onError", onError);
    this.#means = means;
    this.#attempt = means.work.mark(
      transacted ? attemptInTransaction(handler, means.transact) : attemptAndAccept(handler),
    );
  }

  async work(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#consumer.next();
        if (done) return;
        await this.#process(value);
      }
    } catch (reason) {
      await this.#consumer.close();
      throw reason;
    }
  }

  /** Until it is settled, comes again by itself, or is left to the broker. */
  async #process(delivery: Delivery): Promise<void> {
    // What was processed could not be said of it: it would be processed again by the next.
    if (delivery.unsettleable) throw delivery.unsettleable;
    const { id } = delivery.message;
    let { failures, failure } = this.#recall(id);
    while (failures <= this.#policy.max) {
      failure = await this.#attempt(delivery, failures + 1);
      if (failure === undefined) return;
      failures += 1;
      const last = failures > this.#policy.max;
      this.#tell(delivery, failures, failure);
      if (failure.settled) return;
      if (last && delivery.origin.holds(delivery)) break;
      const waited = await this.#pause(redeliveryDelayMs(this.#policy, failures));
      if (waited && delivery.origin.holds(delivery)) continue;
      // Nobody waits for work that is far off when the consumer drains.
      if (waited) this.#remember(id, failures, failure);
      delivery.origin.leave(delivery);
      return;
    }
    await refuse(delivery, failure?.reason);
  }

  /** Tells the user of a call that failed, once, as soon as it is known what becomes of the message. */
  #tell(delivery: Delivery, failures: number, { reason, settled }: Failure): void {
    const { destination, handlerFailed } = this.#means;
    const outcome = settled ? "settled" : this.#becomes(delivery, failures);
    const failure: HandlerFailure = {
      messageId: delivery.message.id,
      destination,
      at: new Date(),
      attempt: failures,
      error: reason,
      outcome,
      retryInMs: outcome === "retry" ? redeliveryDelayMs(this.#policy, failures) : undefined,
    };
    this.#onError?.(failure);
    handlerFailed(failure, this.#onError !== undefined);
  }

  #becomes(delivery: Delivery, failures: number): "retry" | "reject" | "return" {
    if (!delivery.origin.holds(delivery)) return "return";
    if (failures > this.#policy.max) return "reject";
    return this.#means.intakeOver.aborted ? "return" : "retry";
  }

  /** It comes again, and is to be treated as what it is then. */
  #remember(id: string | undefined, failures: number, failure: Failure): void {
    if (id === undefined) return;
    this.#failed.set(id, { failures, failure });
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > MAX_REMEMBERED && oldest !== undefined) this.#failed.delete(oldest);
  }

  #recall(id: string | undefined): { readonly failures: number; readonly failure: Failure | undefined } {
    const found = id === undefined ? undefined : this.#failed.get(id);
    if (id !== undefined) this.#failed.delete(id);
    return found ?? { failures: 0, failure: undefined };
  }

  /** Returns false when the consumer stopped handing over meanwhile. */
  #pause(ms: number): Promise<boolean> {
    const { intakeOver } = this.#means;
    if (intakeOver.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const stop = () => {
        stopTimer();
        resolve(false);
      };
      const stopTimer = startTimer(ms, () => {
        forget();
        resolve(true);
      });
      const forget = onAbort(intakeOver, stop);
    });
  }
}

async function refuse(delivery: Delivery, reason: unknown): Promise<void> {
  const text = textOf(reason);
  try {
    await delivery.reject(text);
  } catch (cause) {
    if (!(cause instanceof UnsupportedError)) throw cause;
    // What the program has to know first is why it could not process the message.
    throw new UnsupportedError(`The message could not be processed (${text}), nor rejected: ${cause.message}`, {
      cause: reason,
      endpoint: cause.endpoint,
    });
  }
}
