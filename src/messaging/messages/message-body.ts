/** Encodes the body of a message. Bodies that JSON would store empty are refused, with what to send instead. */
import { inspect } from "node:util";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { textOf } from "../../errors/text-of.ts";

export interface EncodedBody {
  readonly kind: "text" | "bytes" | "json";
  readonly bytes: Buffer;
}

/** @throws InvalidArgumentError for a body whose content cannot be sent. */
export function encodeBody(body: unknown): EncodedBody {
  if (typeof body === "string") return { kind: "text", bytes: Buffer.from(body) };
  if (ArrayBuffer.isView(body)) return { kind: "bytes", bytes: viewBytes(body) };
  refuseUnwritable(body, "The body");
  if ((typeof body === "number" && !Number.isFinite(body)) || (body instanceof Date && Number.isNaN(body.getTime())))
    throw new InvalidArgumentError(`The body is ${body}, which JSON would store as null: send null, or a string`);
  const json = stringify(body);
  if (json === undefined)
    throw new InvalidArgumentError(`The body is ${typeof body}: send a string, a Uint8Array or a JSON value`);
  // JSON writes this only for objects without entries, or typed arrays: then it is worth finding out which.
  if (json.includes("{}") || json.includes('{"0":')) refuseInside(body);
  return { kind: "json", bytes: Buffer.from(json) };
}

/** @throws InvalidArgumentError if the buffer behind the body was transferred or resized since send() was called. */
export function checkBodyKept(body: Buffer, bytes: number): void {
  if (body.length === bytes) return;
  throw new InvalidArgumentError(
    `The body had ${bytes} bytes when it was sent and has ${body.length} now: its ArrayBuffer was transferred or resized before the broker confirmed the message. Send a copy`,
  );
}

function viewBytes(body: ArrayBufferView): Buffer {
  if (body.byteLength === 0 && isDetached(body.buffer))
    throw new InvalidArgumentError("The body's ArrayBuffer was transferred: its bytes are elsewhere. Send a copy");
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

function stringify(body: unknown): string | undefined {
  try {
    return JSON.stringify(body);
  } catch (cause) {
    throw new InvalidArgumentError(`The body cannot be written as JSON: ${textOf(cause)}`, { cause });
  }
}

const TypedArray: typeof Uint8Array = Object.getPrototypeOf(Uint8Array);
const AS_BYTES = "send new Uint8Array(it), which is sent as bytes";
const AS_RECORD = "send Object.fromEntries(it), or an array of its entries";
const AS_ARRAY = "send an array, such as [...it]";
const READ_FIRST = "read it first, and send its bytes or its text";
const AS_MESSAGE = "send its message, or an object with the fields that the receiver needs";
const NO_ENTRIES = "send an object with the fields that the receiver needs";

/** Classes, by their tag, that JSON writes as `{}` or as numbered fields, and what to send instead. */
const UNWRITABLE: Readonly<Record<string, string>> = {
  Promise: "it was not awaited: send await it",
  ArrayBuffer: AS_BYTES,
  SharedArrayBuffer: AS_BYTES,
  DataView: "as a part of a JSON value it would be empty: send it alone, or as base64",
  Map: AS_RECORD,
  URLSearchParams: AS_RECORD,
  FormData: AS_RECORD,
  Headers: AS_RECORD,
  Set: AS_ARRAY,
  WeakMap: NO_ENTRIES,
  WeakSet: NO_ENTRIES,
  Generator: AS_ARRAY,
  AsyncGenerator: READ_FIRST,
  Blob: READ_FIRST,
  File: READ_FIRST,
  ReadableStream: READ_FIRST,
  Response: READ_FIRST,
  Request: READ_FIRST,
  Error: AS_MESSAGE,
  DOMException: AS_MESSAGE,
  RegExp: "send its source as a string",
};

function refuseUnwritable(value: unknown, what: string): void {
  if (typeof value !== "object" || value === null) return;
  const found = unwritable(value);
  if (!found) return;
  throw new InvalidArgumentError(
    `${what} is a ${found.tag}, which JSON would store without its content: ${found.advice}`,
  );
}

function unwritable(value: object): { readonly tag: string; readonly advice: string } | undefined {
  try {
    if ("toJSON" in value && typeof value.toJSON === "function") return undefined;
    if ("then" in value && typeof value.then === "function")
      return { tag: "Promise", advice: UNWRITABLE["Promise"] ?? "" };
    const tag = Object.prototype.toString.call(value).slice(8, -1);
    // A typed array behind a Proxy is no view.
    if (ArrayBuffer.isView(value) || value instanceof TypedArray)
      return { tag, advice: "send it alone, as bytes, or as an array of numbers" };
    const advice = Object.hasOwn(UNWRITABLE, tag) ? UNWRITABLE[tag] : undefined;
    return advice === undefined ? undefined : { tag, advice };
  } catch (cause) {
    throw new InvalidArgumentError(`The body cannot be read: ${textOf(cause)}`, { cause });
  }
}

/** JSON.stringify() has visited the same values, so there is no cycle; each is checked once. */
function refuseInside(body: unknown): void {
  const seen = new Set<object>();
  const left: { readonly value: unknown; readonly path: string }[] = [{ value: body, path: "body" }];
  for (let next = left.pop(); next; next = left.pop()) {
    const { value, path } = next;
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    refuseUnwritable(value, path === "body" ? "The body" : `The value at ${path}`);
    if ("toJSON" in value && typeof value.toJSON === "function") continue;
    for (const [name, inner] of Object.entries(value)) left.push({ value: inner, path: `${path}[${inspect(name)}]` });
  }
}
