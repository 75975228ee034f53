/**
 * Checks the types of a performative's fields: rhea takes a list for a number, or `true` for an error, and fails later.
 */
import type { Described } from "./rhea-internals.ts";
import { outcomeIn } from "./transactional-state.ts";

type Kind =
  | "text"
  | "ubyte"
  | "ushort"
  | "uint"
  | "ulong"
  | "boolean"
  | "binary"
  | "map"
  | "texts"
  | "error"
  | "state"
  | "any";
/** A `!` marks a mandatory field. */
type Field = readonly [name: string, kind: Kind | `${Kind}!`];

/** AMQP 1.0, 2.7, in the order of the specification. */
const FIELDS: Readonly<Record<string, readonly Field[]>> = {
  open: [
    ["container-id", "text!"],
    ["hostname", "text"],
    ["max-frame-size", "uint"],
    ["channel-max", "ushort"],
    ["idle-time-out", "uint"],
    ["outgoing-locales", "texts"],
    ["incoming-locales", "texts"],
    ["offered-capabilities", "texts"],
    ["desired-capabilities", "texts"],
    ["properties", "map"],
  ],
  begin: [
    ["remote-channel", "ushort"],
    ["next-outgoing-id", "uint!"],
    ["incoming-window", "uint!"],
    ["outgoing-window", "uint!"],
    ["handle-max", "uint"],
  ],
  attach: [
    ["name", "text!"],
    ["handle", "uint!"],
    ["role", "boolean!"],
    ["snd-settle-mode", "ubyte"],
    ["rcv-settle-mode", "ubyte"],
    ["source", "any"],
    ["target", "any"],
    ["unsettled", "map"],
    ["incomplete-unsettled", "boolean"],
    ["initial-delivery-count", "uint"],
    ["max-message-size", "ulong"],
    ["offered-capabilities", "texts"],
    ["desired-capabilities", "texts"],
    ["properties", "map"],
  ],
  flow: [
    ["next-incoming-id", "uint"],
    ["incoming-window", "uint!"],
    ["next-outgoing-id", "uint!"],
    ["outgoing-window", "uint!"],
    ["handle", "uint"],
    ["delivery-count", "uint"],
    ["link-credit", "uint"],
    ["available", "uint"],
    ["drain", "boolean"],
    ["echo", "boolean"],
  ],
  transfer: [
    ["handle", "uint!"],
    ["delivery-id", "uint"],
    ["delivery-tag", "binary"],
    ["message-format", "uint"],
    ["settled", "boolean"],
    ["more", "boolean"],
    ["rcv-settle-mode", "ubyte"],
    ["state", "any"],
    ["resume", "boolean"],
    ["aborted", "boolean"],
  ],
  disposition: [
    ["role", "boolean!"],
    ["first", "uint!"],
    ["last", "uint"],
    ["settled", "boolean"],
    ["state", "state"],
  ],
  detach: [
    ["handle", "uint!"],
    ["closed", "boolean"],
    ["error", "error"],
  ],
  end: [["error", "error"]],
  close: [["error", "error"]],
};

/** The frames of a server (5.3.3). */
const SASL_FIELDS: Readonly<Record<string, readonly Field[]>> = {
  "list of mechanisms": [["sasl-server-mechanisms", "texts!"]],
  "challenge of SASL": [["challenge", "binary!"]],
  "SASL outcome": [
    ["code", "ubyte!"],
    ["additional-data", "binary"],
  ],
};

export const PERFORMATIVES: readonly string[] = Object.keys(FIELDS);

/** A value with its type, as rhea reads it. */
interface Read extends Described {
  readonly type?: { readonly typecode: number };
}

const MAPS: ReadonlySet<unknown> = new Set([0xc1, 0xd1]);
const ERRORS: ReadonlySet<unknown> = new Set([0x1d, "amqp:error:list"]);
const REJECTED: ReadonlySet<unknown> = new Set([0x25, "amqp:rejected:list"]);

/** `value` has the performative's fields by position. @throws Error that names the field. */
export function checkFields(performative: string, value: readonly unknown[]): void {
  const fields = FIELDS[performative] ?? SASL_FIELDS[performative] ?? [];
  if (!Array.isArray(value)) throw new Error(`A ${performative} that is no list`);
  for (let at = 0; at < fields.length; at++) {
    const [name, kind] = fields[at] as Field;
    const read = value[at] as Read | null | undefined;
    const missing = read === null || read === undefined || read.value === null || read.value === undefined;
    if (missing ? kind.endsWith("!") : !CHECKS[kind.replace("!", "") as Kind](read)) {
      throw new Error(`A ${performative} whose ${name} is ${missing ? "missing" : "of another type"}`);
    }
  }
}

/** rhea counts with these, also in loops: a fraction, a negative number or infinity would never end. */
const isWhole = (value: unknown, max: number) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= max;
const isText = ({ value }: Read) => typeof value === "string";

const CHECKS: Readonly<Record<Kind, (read: Read) => boolean>> = {
  text: isText,
  ubyte: ({ value }) => isWhole(value, 0xff),
  ushort: ({ value }) => isWhole(value, 0xffff),
  uint: ({ value }) => isWhole(value, 0xffff_ffff),
  // Past 2^53 it is read as bytes.
  ulong: ({ value }) => isWhole(value, Number.MAX_SAFE_INTEGER) || Buffer.isBuffer(value),
  boolean: ({ value }) => typeof value === "boolean",
  binary: ({ value }) => Buffer.isBuffer(value),
  map: ({ type, value }) => MAPS.has(type?.typecode) && Array.isArray(value),
  // AMQP lets a field that is "multiple" hold one symbol or an array of them (specification, part 1, section 1.4).
  texts: ({ value }) =>
    Array.isArray(value) ? value.every((each) => isText(each as Read)) : typeof value === "string",
  error: isError,
  state: (read) => {
    const outcome = outcomeIn(read);
    if (!REJECTED.has(outcome?.descriptor?.value)) return true;
    const error = Array.isArray(outcome?.value) ? (outcome.value[0] as Read | null | undefined) : undefined;
    return !isThere(error) || isError(error);
  },
  any: () => true,
};

/** An error (2.8.14): a condition, and optionally a description and a map. */
function isError({ descriptor, value }: Read): boolean {
  if (!ERRORS.has(descriptor?.value) || !Array.isArray(value)) return false;
  const [condition, description, info] = value as readonly (Read | null | undefined)[];
  const texts = [condition, description].every((each) => !isThere(each) || isText(each));
  return texts && (!isThere(info) || CHECKS.map(info));
}

function isThere(read: Read | null | undefined): read is Read {
  return read !== null && read !== undefined && read.value !== null && read.value !== undefined;
}
