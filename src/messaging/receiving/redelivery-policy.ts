/** How often and after which waits a message is handed to its handler again before it is rejected. */
import { inspect } from "node:util";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { readParts } from "../messages/argument-checks.ts";

/** How often, and after which waits, a message is worked on again when its handler fails. */
export interface RedeliveryPolicy {
  /** How many times more the handler is called after the first; 0 unless said. */
  readonly max: number;
  /** The wait before the first of them, ms; 1000 unless said. */
  readonly initialDelayMs?: number | undefined;
  /** From one wait to the next; 2 unless said. */
  readonly multiplier?: number | undefined;
  /** The longest wait, ms; 60,000 unless said. */
  readonly maxDelayMs?: number | undefined;
}

/** A policy with what was not said filled in. */
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

/** The wait after `failures` calls, the first of them included. */
export function redeliveryDelayMs(policy: CheckedRedelivery, failures: number): number {
  return Math.min(policy.maxDelayMs, policy.initialDelayMs * policy.multiplier ** (failures - 1));
}
