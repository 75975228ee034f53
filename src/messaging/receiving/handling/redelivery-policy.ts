/** How often, and after which waits, a handler gets a message again before the message is rejected. */
import { inspect } from "node:util";
import { InvalidArgumentError } from "../../../errors/errors.ts";
import { stackTextOf } from "../../../errors/text-of.ts";
import { readParts } from "../../messages/argument-checks.ts";

/** How often, and after which waits, a message is processed again when its handler fails. */
export interface RedeliveryPolicy {
  /** How many more times the handler is called after the first; 0 by default. */
  readonly max: number;
  /** The wait before the first repetition, in ms; 1000 by default. */
  readonly initialDelayMs?: number | undefined;
  /** The factor from one wait to the next; 2 by default. */
  readonly multiplier?: number | undefined;
  /** The longest wait, in ms; 60,000 by default. */
  readonly maxDelayMs?: number | undefined;
}

/** A call of a handler of run() or respond() that threw or rejected. */
export interface HandlerFailure {
  /** The id of the message, if it has one. */
  readonly messageId: string | undefined;
  /** The consumer's destination, such as `queue://orders`. */
  readonly destination: string;
  /** When it failed. */
  readonly at: Date;
  /** The number of the call, from 1. */
  readonly attempt: number;
  /** What the handler threw, or the error of its transaction's commit. */
  readonly error: unknown;
  /**
   * What happens to the message. `retry`: the handler is called again after `retryInMs`. `reject`: it is rejected, and
   * becomes a dead letter. `return`: it is left to the broker and comes again, here or elsewhere, because its session
   * or its consumer has ended, or its transaction was not committed. `settled`: the handler had settled it by itself.
   */
  readonly outcome: "retry" | "reject" | "return" | "settled";
  /** The wait before the handler is called again, in ms; undefined if it is not. */
  readonly retryInMs: number | undefined;
}

const BECOMES = {
  retry: "it is called again",
  reject: "the message is rejected",
  return: "the message comes again",
  settled: "it had settled the message by itself",
};

/** Reports a failed handler by a process warning, for programs without a listener. */
export function warnOfHandler({ messageId, destination, error, outcome }: HandlerFailure): void {
  const text = `The handler of ${destination} failed for message ${messageId ?? "(no id)"}, and ${BECOMES[outcome]}. Later failures are not reported like this: listen to "handlerFailed" of the connection, or give run() onError: ${stackTextOf(error)}`;
  process.emitWarning(text, { code: "MASTERSLAVE_HANDLER" });
}

/** A policy with all defaults filled in. */
export type CheckedRedelivery = { readonly [Name in keyof RedeliveryPolicy]-?: NonNullable<RedeliveryPolicy[Name]> };

/** @throws InvalidArgumentError */
export function checkRedelivery(policy: RedeliveryPolicy): CheckedRedelivery {
  const read = readParts("redelivery", policy, ["max", "initialDelayMs", "multiplier", "maxDelayMs"]);
  const { max, initialDelayMs = 1_000, multiplier = 2, maxDelayMs = 60_000 } = read;
  if (!(Number.isInteger(max) && max >= 0))
    throw new InvalidArgumentError(`redelivery.max is a whole number from 0, not ${inspect(max)}`);
  for (const [name, value] of Object.entries({ initialDelayMs, maxDelayMs })) {
    if (!(Number.isFinite(value) && value >= 0))
      throw new InvalidArgumentError(`redelivery.${name} is a number of milliseconds, not ${inspect(value)}`);
  }
  if (!(Number.isFinite(multiplier) && multiplier >= 1))
    throw new InvalidArgumentError(`redelivery.multiplier is a number from 1, not ${inspect(multiplier)}`);
  return { max, initialDelayMs, multiplier, maxDelayMs };
}

/** The wait in ms after `failures` failed calls. */
export function redeliveryDelayMs(policy: CheckedRedelivery, failures: number): number {
  return Math.min(policy.maxDelayMs, policy.initialDelayMs * policy.multiplier ** (failures - 1));
}
