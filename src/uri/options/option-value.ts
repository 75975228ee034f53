/** Reads and checks one option's value, from text or from code, by the option table. */
import { InvalidOptionError } from "../../errors/errors.ts";
import { nearestName } from "../../errors/nearest-name.ts";
import type { OptionSpec } from "./option-spec.ts";
import { KNOWN_NAMES, OPTIONS, type OptionName, type OptionValue } from "./option-table.ts";

/** Returns the value that `text` spells; undefined if the option cannot take it. */
export function optionFromText(name: OptionName, text: string): OptionValue | undefined {
  const spec: OptionSpec = OPTIONS[name];
  const value = valueIn(spec, text);
  return value !== undefined && fits(spec, value) ? value : undefined;
}

/** Returns why a value that other clients know has no effect here; undefined for all other values. */
export function ignoredValueBecause(name: OptionName, text: string): string | undefined {
  const { ignoredValues = {} }: OptionSpec = OPTIONS[name];
  return Object.entries(ignoredValues).find(([value]) => value === text.toUpperCase())?.[1];
}

/** Throws InvalidOptionError (INVALID_OPTION) unless the option can take `value`, a value given in code. */
export function checkOption(name: OptionName, value: unknown): void {
  if (fits(OPTIONS[name], value)) return;
  const { type }: OptionSpec = OPTIONS[name];
  // A string is not shown, because it may be a secret in the wrong place.
  const other = typeof value === "string" && (type === "choice" || type === "text");
  const found = typeof value === "number" || typeof value === "boolean" ? String(value) : `a ${typeof value}`;
  throw invalidOption(name, `${other ? "another string" : found} was given`);
}

/** Makes an INVALID_OPTION error that says what the option takes; `found` ends the sentence. */
export function invalidOption(name: OptionName, found: string): InvalidOptionError {
  return new InvalidOptionError(
    "INVALID_OPTION",
    `The option ${name} takes ${expectation(OPTIONS[name])}; ${found}`,
    name,
  );
}

/** Makes an UNKNOWN_OPTION error with the nearest known name; `shown` is the part of the name that may be shown. */
export function unknownOption(name: string, shown: string, where: string, hint?: string): InvalidOptionError {
  const nearest = nearestName(name, KNOWN_NAMES);
  const advice = hint ?? (nearest ? `did you mean ${nearest}?` : "docs/options.md lists the known ones");
  const label = shown === name ? name : "***";
  return new InvalidOptionError("UNKNOWN_OPTION", `Unknown option ${shown}${where}; ${advice}`, label, nearest);
}

function valueIn(spec: OptionSpec, text: string): OptionValue | undefined {
  if (spec.type === "integer") return /^-?\d{1,16}$/.test(text) ? Number(text) + 0 : undefined;
  if (spec.type === "number") return /^\d{1,16}(\.\d{1,16})?$/.test(text) ? Number(text) : undefined;
  // Java reads every word except "true" as false; here a mistyped "treu" is an error.
  if (spec.type === "boolean") return /^(true|false)$/i.test(text) ? text.toLowerCase() === "true" : undefined;
  if (spec.type === "list") return text.split(",").map((entry) => spelled(spec, entry.trim()));
  return spelled(spec, text);
}

function spelled({ choices = [] }: OptionSpec, text: string): string {
  return choices.find((choice) => choice.toLowerCase() === text.toLowerCase()) ?? text;
}

function fits(spec: OptionSpec, value: unknown): boolean {
  if (spec.type === "boolean") return typeof value === "boolean";
  if (spec.type === "choice") return typeof value === "string" && spec.choices?.includes(value) === true;
  if (spec.type === "list") return isListOf(spec.choices ?? [], value);
  // Control characters would have to be escaped on the wire, and lone surrogates have no UTF-8 form.
  if (spec.type === "text") return typeof value === "string" && value !== "" && !/[\p{Cc}\p{Cs}]/u.test(value);
  if (typeof value !== "number") return false;
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = spec;
  return value >= min && value <= max && (spec.type === "number" || Number.isInteger(value));
}

function isListOf(choices: readonly string[], value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((entry) => choices.includes(entry));
}

/** Describes what an option takes, such as "a whole number of ms, 0 to 2147483647". */
export function expectation(spec: OptionSpec): string {
  const { type, unit, min = 0, max = Number.MAX_SAFE_INTEGER, choices = [] } = spec;
  if (type === "boolean") return "true or false";
  if (type === "choice") return choices.join(" or ");
  if (type === "list") return `one or more of ${choices.join(", ")}`;
  if (type === "text") return "text without control characters";
  return `a ${type === "integer" ? "whole number" : "number"}${unit ? ` of ${unit}` : ""} from ${min} to ${max}`;
}
