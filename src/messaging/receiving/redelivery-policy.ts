/** How often and after which waits a message is handed to its handler again before it is rejected. */
import { InvalidArgumentError } from "../../errors/errors.ts";
import { checkParts } from "../messages/argument-checks.ts";

export interface RedeliveryPolicy {
  /** How many times more the handler is called after the first; 0 unless said. */
  readonly max: number;
  /** The wait before the first of them, ms; 1000 unless said. */
  readonly initialDelayMs?: number;
  /** From one wait to the next; 2 unless said. */
  readonly multiplier?: number;
  /** The longest wait, ms; 60,000 unless said. */
  readonly maxDelayMs?: number;
}

/** @throws InvalidArgumentError */
export function checkRedelivery(policy: RedeliveryPolicy): Required<RedeliveryPolicy> {
  checkParts("redelivery", policy, ["max", "initialDelayMs", "multiplier", "maxDelayMs"]);
  const { max, initialDelayMs = 1_000, multiplier = 2, maxDelayMs = 60_000 } = policy;
  if (!(Number.isInteger(max) && max >= 0))
    throw new InvalidArgumentError(`redelivery.max is a whole number from 0, not ${max}`);
  for (const [name, value] of Object.entries({ initialDelayMs, maxDelayMs })) {
    if (!(Number.isFinite(value) && value >= 0))
      throw new InvalidArgumentError(`redelivery.${name} is a number of milliseconds, not ${value}`);
  }
  if (!(Number.isFinite(multiplier) && multiplier >= 1))
    throw new InvalidArgumentError(`redelivery.multiplier is a number from 1, not ${multiplier}`);
  return { max, initialDelayMs, multiplier, maxDelayMs };
}

/** The wait after `failures` calls, the first of them included. */
export function redeliveryDelayMs(policy: Required<RedeliveryPolicy>, failures: number): number {
  return Math.min(policy.maxDelayMs, policy.initialDelayMs * policy.multiplier ** (failures - 1));
}
