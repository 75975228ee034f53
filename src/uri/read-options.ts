/** Sorts the entries of a query by the option table: those of the group, those of its endpoints, and ignored ones. */
import { InvalidOptionError } from "../errors/errors.ts";
import { mayShow } from "./invalid-uri.ts";
import { isUnlimited, limitAdvice, secretAdvice } from "./options/foreign-names.ts";
import type { GroupOptions } from "./options/group-options.ts";
import { IGNORED_OPTIONS, type IgnoredOption, ignoredBecause, maskedValue } from "./options/ignored-options.ts";
import type { OptionSpec } from "./options/option-spec.ts";
import { OPTIONS, type OptionName, type OptionValue, optionNamed, spellingLike } from "./options/option-table.ts";
import { ignoredValueBecause, invalidOption, optionFromText, unknownOption } from "./options/option-value.ts";
import type { QueryEntry } from "./read-query.ts";

export interface ReadOptions {
  readonly group: GroupOptions;
  /** The options from `nested.*`, or from an endpoint's own query. */
  readonly endpoint: Readonly<Record<string, string>>;
  readonly ignored: readonly IgnoredOption[];
}

/** Whose query it is: the group's, one endpoint's, or that of a single plain endpoint, which counts as both. */
export type QueryOwner = "group" | "component" | "single";

type Reading =
  | {
      readonly kind: "value";
      readonly name: OptionName;
      readonly value: OptionValue;
      readonly of: "group" | "endpoint";
    }
  | { readonly kind: "ignored"; readonly option: IgnoredOption };

/**
 * If an option is given twice, the last one counts, as in Java, whichever of its names is used. Throws
 * InvalidOptionError: UNKNOWN_OPTION for a name that is in no list, INVALID_OPTION for a value or place that the option
 * cannot have.
 */
export function readOptions(uri: string, entries: readonly QueryEntry[], owner: QueryOwner): ReadOptions {
  const last = new Map(entries.map((entry) => [sameOptionKey(entry, owner), entry]));
  const group: Record<string, OptionValue> = {};
  const endpoint: Record<string, string> = {};
  const ignored: IgnoredOption[] = [];
  for (const entry of last.values()) {
    const reading = readOption(uri, entry, owner);
    if (reading.kind === "ignored") ignored.push(reading.option);
    else if (reading.of === "group") group[reading.name] = reading.value;
    else endpoint[reading.name] = String(reading.value);
  }
  return { group, endpoint, ignored };
}

/**
 * Returns the name without Qpid's `failover.` and without `nested.`, and whether `nested.` was there. The .NET clients'
 * `transport.` is removed if an option of the group follows it.
 */
function plainName({ name }: QueryEntry): { readonly name: string; readonly nested: boolean } {
  const own = name.startsWith("failover.") ? name.slice("failover.".length) : name;
  const nested = own.startsWith("nested.");
  const plain = nested ? own.slice("nested.".length) : own;
  const inner = plain.startsWith("transport.") ? spellingLike(plain.slice("transport.".length)) : undefined;
  return { name: inner ?? plain, nested };
}

function sameOptionKey(entry: QueryEntry, owner: QueryOwner): string {
  const { name, nested } = plainName(entry);
  const known = optionNamed(name);
  return known ? `${nested && owner === "group" ? "nested." : ""}${known}` : entry.name;
}

function readOption(uri: string, entry: QueryEntry, owner: QueryOwner): Reading {
  const { name, nested } = plainName(entry);
  const known = optionNamed(name);
  if (!known) return { kind: "ignored", option: ignoredOption(uri, entry, name) };
  if (nested && owner === "component")
    throw misplaced(known, "nested. belongs in the group's options, after the parenthesis");
  const of = owner === "component" || (nested && owner === "group") ? "endpoint" : "group";
  const { scope }: OptionSpec = OPTIONS[known];
  if (of === "endpoint" && scope === "group") {
    throw misplaced(
      known,
      nested
        ? "it holds for the group: write it without nested."
        : "it holds for the group: write it after the closing parenthesis, as in masterslave:(a,b)?option=value",
    );
  }
  const reason = entry.value === undefined ? undefined : ignoredValueBecause(known, entry.value);
  if (reason !== undefined) {
    return { kind: "ignored", option: Object.freeze({ name: entry.name, value: entry.value?.toUpperCase(), reason }) };
  }
  return { kind: "value", name: known, value: readValue(uri, entry, known), of };
}

function readValue(uri: string, { value, at }: QueryEntry, name: OptionName): OptionValue {
  const where = `at character ${at} of the URI`;
  if (value === undefined) throw invalidOption(name, `it has no value (${where})`);
  const read = optionFromText(name, value);
  if (read !== undefined) return read;
  const shown = mayShow(uri, at) && /^[\w.+-]{1,40}$/.test(value) ? `"${value}" was found` : "another value was found";
  const advice = value.includes("?") ? "; options are separated by &, not by ?" : "";
  throw invalidOption(name, `${shown} (${where})${advice}`);
}

function ignoredOption(uri: string, { name, value, at }: QueryEntry, plain: string): IgnoredOption {
  const reason = ignoredBecause(plain);
  const limit = limitOf(plain);
  if (reason !== undefined && (limit === undefined || isUnlimited(plain, value))) {
    return Object.freeze({ name, ...(value === undefined ? {} : { value: maskedValue(plain, value) }), reason });
  }
  const shown = mayShow(uri, at) && /^[\w.;-]{1,64}$/.test(name) ? name : "(not shown: it may be part of a password)";
  const hint = name.startsWith("amp;") ? "this is XML: write & instead of &amp;" : (limit ?? secretAdvice(plain));
  throw unknownOption(plain, shown === name ? plain : shown, ` at character ${at} of the URI`, hint);
}

/**
 * Returns what to write instead of another client's limit, or of a limit of ours with a wrong prefix. If a limit were
 * ignored, a caller who set it would wait for ever.
 */
function limitOf(plain: string): string | undefined {
  if (Object.hasOwn(IGNORED_OPTIONS, plain)) return undefined;
  const inner = spellingLike(plain.slice(plain.lastIndexOf(".") + 1));
  if (inner !== undefined && limitAdvice(inner) !== undefined) return `write ${inner}, without a prefix`;
  return limitAdvice(plain);
}

function misplaced(name: OptionName, why: string): InvalidOptionError {
  return new InvalidOptionError("INVALID_OPTION", `The option ${name} cannot stand here; ${why}`, name);
}
