/** AMQP 1.0 frames for scripted peers: parses bytes into named frames, and encodes frames. */
import { createRequire } from "node:module";
import rhea from "rhea";

type Fields = Readonly<Record<string, unknown>>;
type Performative = Record<string, unknown> & { dispatch(target: object, frame: object): void };
type Compose = (fields: Fields) => object;

const require = createRequire(import.meta.url);
const frames: {
  readonly amqp_frame: (channel: number, performative: object, payload?: Buffer) => object;
  readonly sasl_frame: (performative: object) => object;
  readonly write_frame: (frame: object) => Buffer;
  readonly read_frame: (bytes: Buffer) => { channel: number; performative?: Performative; payload?: Buffer };
} & Readonly<Record<string, unknown>> = require("rhea/lib/frames.js");
const terminus: {
  source(fields: Fields): { described(): object };
  unwrap(field: object): Fields;
} = require("rhea/lib/terminus.js");

/** A performative, or a protocol header, as it was received. */
export interface AmqpFrame {
  /** "header", "beat", or the name of the performative: "open", "attach", "sasl_init" ... */
  readonly name: string;
  readonly channel: number;
  readonly fields: Fields;
  readonly payload: Buffer | undefined;
  /** The delivery state of a transfer: rhea's own accessor would decode it further. */
  readonly state?: unknown;
}

const HEADERS = {
  sasl: Buffer.from("AMQP\u0003\u0001\u0000\u0000", "latin1"),
  amqp: Buffer.from("AMQP\u0000\u0001\u0000\u0000", "latin1"),
} as const;

export const header = (kind: keyof typeof HEADERS): Buffer => HEADERS[kind];

/** Encodes a frame on a channel; `name` is the performative's. */
export function encode(name: string, channel: number, fields: Fields, payload?: Buffer): Buffer {
  const performative = (frames[name] as Compose)(fields);
  const frame = name.startsWith("sasl_")
    ? frames.sasl_frame(performative)
    : frames.amqp_frame(channel, performative, payload);
  return frames.write_frame(frame);
}

export const sourceOf = (fields: Fields) => terminus.source(fields).described();

/** Encodes a described list, such as a delivery state, an outcome or the body of a coordinator's message. */
export const described = (code: number, ...items: readonly unknown[]): object =>
  rhea.types.wrap_described([...items], code);

/** Encodes an error as it appears in close, end, detach and rejected. */
export function errorOf(condition: string, description?: string, info?: Fields): object {
  const { wrap_described, wrap_symbol, wrap_symbolic_map } = rhea.types;
  const items = [wrap_symbol(condition), description ?? null, info ? wrap_symbolic_map(info) : null];
  return wrap_described(items, 0x1d);
}

/** Returns the code of a described value; undefined for any other value. */
export function codeOf(value: unknown): number | undefined {
  const descriptor = (value as { readonly descriptor?: { readonly value: unknown } } | undefined)?.descriptor;
  return descriptor === undefined ? undefined : Number(descriptor.value);
}

/** Returns the items of a described list, without their types. */
export function itemsOf(value: unknown): readonly unknown[] {
  const items = (value as { readonly value?: readonly { readonly value: unknown }[] } | undefined)?.value ?? [];
  return items.map((item) => item?.value ?? undefined);
}

/** Returns a source or target; undefined for a coordinator. */
export function readTerminus(field: unknown): Fields {
  const code = codeOf(field);
  if (code !== 0x28 && code !== 0x29) return {};
  const found = terminus.unwrap(field as object);
  const names = ["address", "durable", "expiry_policy", "dynamic", "distribution_mode", "filter", "capabilities"];
  return Object.fromEntries(names.map((name) => [name, found[name]]));
}

/** Removes whole frames from the front of the bytes; returns the remaining bytes. */
export function readFrames(bytes: Buffer, take: (frame: AmqpFrame) => void): Buffer {
  let rest = bytes;
  for (;;) {
    if (rest.length < 8) return rest;
    const opens = rest.toString("latin1", 0, 4) === "AMQP";
    const size = opens ? 8 : rest.readUInt32BE(0);
    if (rest.length < size) return rest;
    const frame = rest.subarray(0, size);
    rest = rest.subarray(size);
    take(opens ? readHeader(frame) : readFrame(frame));
  }
}

function readHeader(bytes: Buffer): AmqpFrame {
  return { name: "header", channel: 0, fields: { kind: bytes[4] === 3 ? "sasl" : "amqp" }, payload: undefined };
}

function readFrame(bytes: Buffer): AmqpFrame {
  const { channel, performative, payload } = frames.read_frame(Buffer.from(bytes));
  if (!performative) return { name: "beat", channel, fields: {}, payload: undefined };
  let name = "unknown";
  // rhea shows which performative it has read only by the method it calls.
  const told = (called: string) => () => {
    name = called.slice("on_".length);
  };
  performative.dispatch(new Proxy({}, { get: (_, called) => told(String(called)) }), {});
  const { value } = performative as unknown as { readonly value: readonly unknown[] };
  return { name, channel, fields: performative, payload, state: name === "transfer" ? value[7] : undefined };
}
