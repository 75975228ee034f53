/** Processes a consumer's deliveries with a handler, and settles them. */
import { inspect } from "node:util";
import { guarded } from "../../../async/isolated-emitter.ts";
import { pause } from "../../../async/timer.ts";
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

/** The options of run(). */
export interface RunOptions {
  /** How many messages are processed at once; 1 by default. */
  readonly concurrency?: number | undefined;
  /**
   * How often a failed message is tried again. Meanwhile it stays here, counts against the prefetch and keeps its place
   * in the concurrency.
   */
  readonly redelivery?: RedeliveryPolicy | undefined;
  /** Accepts each message in a transaction of its own. */
  readonly transacted?: boolean | undefined;
  /** Called for each failed call of the handler, like the event `handlerFailed` of the connection. */
  readonly onError?: ((failure: HandlerFailure) => void) | undefined;
}

export const RUN_OPTIONS = [
  "concurrency",
  "redelivery",
  "transacted",
  "onError",
] as const satisfies readonly (keyof RunOptions)[];

/** Fills in the defaults. @throws InvalidArgumentError */
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
  /** Recognises a call that comes from a handler. */
  readonly work: WorkScope;
  /** Fires when the consumer delivers nothing more. */
  readonly intakeOver: AbortSignal;
  /** The consumer's destination. */
  readonly destination: string;
  /** Reports a failed call. `heard`: onError was called too. Never throws. */
  readonly handlerFailed: (failure: HandlerFailure, heard: boolean) => void;
}

/**
 * How many failure counts of returned messages are remembered: messages that went to other consumers never come back
 * here.
 */
const MAX_REMEMBERED = 5_000;

/**
 * Resolves when the consumer is closed and every handler has finished; rejects, after closing the consumer, when it or
 * a settlement failed.
 */
export async function runConsumer(
  consumer: DeliverySource,
  handler: ProcessMessage,
  options: RunOptions,
  means: RunDeps,
): Promise<void> {
  const read = readRunOptions(readOptions("run", options, RUN_OPTIONS));
  // Checked now: otherwise the first message would fail and go to the dead letter queue.
  checkFunction("run() is given", handler);
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
  /** Failure counts of messages that will come again. */
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

  /** Resolves when the delivery is settled, comes again by itself, or is left to the broker. */
  async #process(delivery: Delivery): Promise<void> {
    // This delivery can never be acknowledged, so handling it would repeat it for ever: fail run() instead.
    if (delivery.unsettleable) throw delivery.unsettleable;
    const { id } = delivery.message;
    let { failures, failure } = this.#recall(id);
    while (failures <= this.#policy.max) {
      const latest = await this.#attempt(delivery, failures + 1);
      if (latest === undefined) return;
      if (latest.became === "void" || latest.became === "undone") {
        if (latest.became === "void") this.#tell(delivery, failures + 1, latest);
        // This call does not count; those before it do.
        if (failure) this.#remember(id, failures, failure);
        // A duplicate of the message may have arrived already and wait for it.
        delivery.origin.leave(delivery);
        return;
      }
      failure = latest;
      failures += 1;
      const last = failures > this.#policy.max;
      this.#tell(delivery, failures, failure);
      if (failure.became === "settled") return;
      if (last && delivery.origin.holds(delivery)) break;
      const waited = await pause(redeliveryDelayMs(this.#policy, failures), this.#means.intakeOver);
      if (waited && delivery.origin.holds(delivery)) continue;
      // A drain does not wait for a retry that is far off.
      if (waited) this.#remember(id, failures, failure);
      delivery.origin.leave(delivery);
      return;
    }
    await refuse(delivery, failure?.reason);
  }

  /** Reports a failed call, once, as soon as it is known what happens to the message. */
  #tell(delivery: Delivery, failures: number, { reason, became }: Failure): void {
    const { destination, handlerFailed } = this.#means;
    const outcome = became === "settled" ? became : this.#becomes(delivery, failures);
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

  /** Remembers the failures of a message that comes again. */
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
}

async function refuse(delivery: Delivery, reason: unknown): Promise<void> {
  const text = textOf(reason);
  try {
    await delivery.reject(text);
  } catch (cause) {
    if (!(cause instanceof UnsupportedError)) throw cause;
    // The error states first why the message could not be processed.
    throw new UnsupportedError(`The message could not be processed (${text}), nor rejected: ${cause.message}`, {
      cause: reason,
      endpoint: cause.endpoint,
    });
  }
}
