/** Readers of option values of the command line. They throw InvalidArgumentError of commander, which adds the option's name. */
import { InvalidArgumentError } from "commander";

/** A time in milliseconds, from `500ms`, `3s`, `2m`, or a plain number of milliseconds. */
export function duration(text: string): number {
  const [, digits, unit = "ms"] = /^(\d{1,9}(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  const value = Number(digits) * { ms: 1, s: 1_000, m: 60_000 }[unit as "ms" | "s" | "m"];
  if (!(value >= 1)) throw new InvalidArgumentError("Give a time such as 500ms, 3s or 2m.");
  return value;
}

/** A whole number from 1 on. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("Give a whole number from 1 on.");
  return value;
}
