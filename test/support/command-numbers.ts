/**
 * Reads numbers from a command line. A text that is no number, or a number out of range, ends the program with a line
 * that says so.
 */
import { InvalidArgumentError } from "commander";

/** @throws InvalidArgumentError, which commander prints with the option's name. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError("More than 0, please.");
  return value;
}

export function wholeFrom(least: number): (text: string) => number {
  return (text) => {
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text)) || Number(text) < least)
      throw new InvalidArgumentError(`A whole number from ${least} on, please.`);
    return Number(text);
  };
}
