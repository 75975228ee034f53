/** Checks a document against a zod schema and turns every issue into a finding with its place and advice. */
import { inspect } from "node:util";
import { z } from "zod";
import { nearestName } from "../errors/nearest-name.ts";
import type { ConfigDocument, FindingDetails } from "./config-document.ts";
import type { ConfigPath, Finding } from "./finding.ts";

/** What a schema says about itself with `.meta()`; both texts are shown to users. */
export interface SchemaMeta {
  /** Text for editors and the generated documentation. */
  readonly description?: string;
  /** What to write when the value is wrong. */
  readonly advice?: string;
}

export interface CheckedShape<Value> {
  /** The checked value; undefined when a finding is an error. */
  readonly value: Value | undefined;
  /** All findings; those of the document itself come first. */
  readonly findings: readonly Finding[];
}

/** Checks a document against a schema. Never throws. The findings are in the order of the schema. */
export function checkShape<Schema extends z.ZodType>(
  schema: Schema,
  document: ConfigDocument,
): CheckedShape<z.output<Schema>> {
  const findings = [...document.findings];
  if (document.value === undefined && findings.length > 0) return { value: undefined, findings };
  const parsed = schema.safeParse(document.value, { reportInput: true });
  if (!parsed.success) {
    for (const issue of parsed.error.issues)
      for (const details of describe(schema, issue)) findings.push(document.finding(details));
  }
  const failed = findings.some(({ severity }) => severity === "error");
  return { value: failed ? undefined : parsed.data, findings };
}

type Issue = z.core.$ZodIssue;

function describe(schema: z.ZodType, issue: Issue): FindingDetails[] {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  const here = schemaAt(schema, path);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(here, path, key));
  const name = path.length === 0 ? "The configuration" : String(path.at(-1));
  const advice = adviceOf(here);
  if (issue.input === undefined && issue.code !== "custom") {
    const message = path.length === 0 ? "The configuration is empty" : `${name} is missing`;
    return [{ code: "CONFIG_MISSING", path, message, advice: advice ?? `Add ${name}: ${expected(issue)}` }];
  }
  if (issue.code === "custom") {
    const params = issue.params as { readonly code?: string; readonly advice?: string } | undefined;
    const code = params?.code ?? "CONFIG_VALUE";
    return [{ code, path, message: issue.message, advice: params?.advice ?? advice ?? `Change ${name}` }];
  }
  if (issue.code === "invalid_key") {
    const why = issue.issues[0]?.message ?? "is not allowed";
    return [
      {
        code: "CONFIG_KEY",
        path,
        at: "key",
        message: `The name ${name} ${why}`,
        advice: advice ?? "Choose another name",
      },
    ];
  }
  const found =
    issue.code === "invalid_type" || issue.code === "invalid_union" ? shown(issue.input) : inspect(issue.input);
  const message =
    issue.code === "invalid_union"
      ? `${name} cannot be ${found}`
      : `${name} is ${found}, where ${expected(issue)} belongs`;
  return [{ code: "CONFIG_VALUE", path, message, advice: advice ?? nearestValue(issue) ?? `Write ${expected(issue)}` }];
}

function unknownKey(here: z.ZodType | undefined, path: ConfigPath, key: string): FindingDetails {
  const known = keysOf(here);
  const nearest = nearestName(key, known);
  const where = path.length === 0 ? "the configuration" : String(path.at(-1));
  const advice = nearest === undefined ? `Remove it; known are ${known.join(", ")}` : `Did you mean ${nearest}?`;
  return { code: "CONFIG_UNKNOWN_KEY", path: [...path, key], at: "key", message: `${where} has no key ${key}`, advice };
}

/** Describes what the schema expects at the place of an issue. */
function expected(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPES[issue.expected] ?? issue.expected;
    case "invalid_value":
      return issue.values.map(String).join(" or ");
    case "too_small":
      return issue.origin === "string" ||
        issue.origin === "array" ||
        issue.origin === "object" ||
        issue.origin === "record"
        ? `at least ${issue.minimum} ${UNITS[issue.origin] ?? "entries"}`
        : `a number from ${issue.minimum} on`;
    case "too_big":
      return issue.origin === "string" || issue.origin === "array"
        ? `at most ${issue.maximum} ${UNITS[issue.origin]}`
        : `a number up to ${issue.maximum}`;
    case "invalid_union":
      return "something else";
    default:
      return issue.message;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping of keys to values",
  record: "a mapping of names to values",
};
const UNITS: Readonly<Record<string, string>> = { string: "characters", array: "entries" };

/** A short text for a value. A mapping is never shown whole, because it may hold a secret. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value === null) return "empty";
  return typeof value === "object" ? "a mapping" : inspect(value);
}

function nearestValue(issue: Issue): string | undefined {
  if (issue.code !== "invalid_value" || typeof issue.input !== "string") return undefined;
  const nearest = nearestName(issue.input, issue.values.map(String));
  return nearest === undefined ? undefined : `Did you mean ${nearest}?`;
}

/** The schema of a place, without its wrappers; undefined when the schema has no such place. */
function schemaAt(schema: z.ZodType, path: ConfigPath): z.ZodType | undefined {
  let here: z.ZodType | undefined = schema;
  for (const part of path) {
    const inner: z.ZodType | undefined = here && bare(here);
    if (inner instanceof z.ZodObject) here = (inner.shape as Record<string, z.ZodType>)[String(part)];
    else if (inner instanceof z.ZodRecord) here = inner.valueType as z.ZodType;
    else if (inner instanceof z.ZodArray) here = inner.element as z.ZodType;
    else return undefined;
  }
  return here;
}

/** Removes wrappers such as optional and default. */
function bare(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return bare(schema.unwrap() as z.ZodType);
  return schema;
}

function keysOf(schema: z.ZodType | undefined): string[] {
  const inner = schema && bare(schema);
  if (inner instanceof z.ZodUnion) return inner.options.flatMap((option) => keysOf(option as z.ZodType));
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

/** The advice of the schema itself, or of the schema it wraps. */
function adviceOf(schema: z.ZodType | undefined): string | undefined {
  if (!schema) return undefined;
  const { advice } = (schema.meta() ?? {}) as SchemaMeta;
  if (advice !== undefined) return advice;
  const inner =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : undefined;
  return adviceOf(inner);
}
