/** What is done to a recorded conversation before it is played: mutations of its frames, and how the bytes are cut. */
import fc from "fast-check";
import type { Conversation } from "./conversation.ts";

/** What is done to the frames. Numbers are taken modulo what they choose from. */
export type Mutation =
  | { readonly kind: "flip"; readonly frame: number; readonly at: number; readonly bit: number }
  | { readonly kind: "byte"; readonly frame: number; readonly at: number; readonly value: number }
  | { readonly kind: "cut"; readonly frame: number; readonly at: number }
  | { readonly kind: "drop"; readonly frame: number }
  | { readonly kind: "repeat"; readonly frame: number; readonly times: number }
  | { readonly kind: "move"; readonly frame: number; readonly to: number }
  | { readonly kind: "splice"; readonly frame: number; readonly other: number; readonly from: number }
  | { readonly kind: "length"; readonly frame: number; readonly value: number }
  | { readonly kind: "insert"; readonly frame: number; readonly bytes: string }
  | { readonly kind: "word"; readonly frame: number; readonly at: number; readonly word: string }
  | { readonly kind: "swell"; readonly frame: number; readonly at: number; readonly byte: number; readonly by: number };

/** One case: a conversation, what is done to it, how it is cut and how it ends. */
export interface Case {
  readonly conversation: number;
  readonly mutations: readonly Mutation[];
  /** Sizes of the pieces in turn; none: a piece a frame, each when the session has nothing more to say. */
  readonly pieces: readonly number[];
  /** Frames that are played; the peer does the last thing then. */
  readonly frames: number;
  readonly ending: "silence" | "end" | "reset";
}

const nat = fc.nat({ max: 0xffff });
const TELLING_BYTES = [0, 1, 0x0a, 0x0d, 0x3a, 0x40, 0x45, 0x53, 0x5c, 0x7f, 0x80, 0xa1, 0xb1, 0xc0, 0xd0, 0xf0, 0xff];
const TELLING_LENGTHS = [0, 1, 7, 8, 9, 511, 512, 65_535, 65_536, 65_537, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const WORDS = [
  ...["\0", "\n\n", "\r\n", ":", "\\", "\\q", "content-length:5\n", "content-length:-1\n", "content-length:1e9\n"],
  ...["content-length:99999999999999999999\n", "__proto__:x\n", "hasOwnProperty:x\n", "constructor:x\n", "\u001b[2J"],
  ...["RECEIPT\nreceipt-id:1\n\n\0", "ERROR\nmessage:no\n\n\0", "MESSAGE\nsubscription:1\n\nx\0", "CONNECTED\n\n\0"],
  ...["\u{1f4b6}", "\xff\xfe", "AMQP\0\x01\0\0", "AMQP\x03\x01\0\0", "HTTP/1.1 400\r\n\r\n"],
];
/** Performatives without fields, and fields of odd types: a frame of AMQP on channel 0 for each. */
const FRAMES = [
  ...[0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x40, 0x41, 0x44, 0x99].map((code) =>
    amqpFrame(code, [0x45]),
  ),
  ...[0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18].map((code) =>
    amqpFrame(code, [0xc0, 0x07, 0x06, 0x43, 0x43, 0x43, 0x40, 0x43, 0x41]),
  ),
  ...[0x14, 0x15].map((code) => amqpFrame(code, [0xf0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x40])),
  [0, 0, 0, 8, 2, 0, 0, 0],
  [0, 0, 0, 8, 9, 0, 0, 0],
  [0, 0, 0, 0, 2, 0, 0, 0],
];

function amqpFrame(code: number, body: readonly number[]): number[] {
  const rest = [2, 0, 0, 0, 0x00, 0x53, code, ...body];
  return [0, 0, 0, rest.length + 4, ...rest];
}

const inserted = fc.oneof(
  fc.constantFrom(...FRAMES).map((bytes) => Buffer.from(bytes).toString("latin1")),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  fc.constantFrom(...WORDS),
);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), frame: nat, at: nat, bit: fc.nat({ max: 7 }) }),
  fc.record({ kind: fc.constant("byte" as const), frame: nat, at: nat, value: fc.constantFrom(...TELLING_BYTES) }),
  fc.record({ kind: fc.constant("cut" as const), frame: nat, at: nat }),
  fc.record({ kind: fc.constant("drop" as const), frame: nat }),
  fc.record({ kind: fc.constant("repeat" as const), frame: nat, times: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ kind: fc.constant("move" as const), frame: nat, to: nat }),
  fc.record({ kind: fc.constant("splice" as const), frame: nat, other: nat, from: nat }),
  fc.record({ kind: fc.constant("length" as const), frame: nat, value: fc.constantFrom(...TELLING_LENGTHS) }),
  fc.record({ kind: fc.constant("insert" as const), frame: nat, bytes: inserted }),
  fc.record({ kind: fc.constant("word" as const), frame: nat, at: nat, word: inserted }),
  fc.record({
    kind: fc.constant("swell" as const),
    ...{ frame: nat, at: nat, byte: fc.constantFrom(...TELLING_BYTES) },
    by: fc.constantFrom(1, 300, 1100, 70_000, 1_000_000),
  }),
);

export const anyCase: fc.Arbitrary<Case> = fc.record({
  conversation: nat,
  mutations: fc.array(mutation, { minLength: 1, maxLength: 4 }),
  pieces: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 6 }) },
    { weight: 1, arbitrary: fc.constant([65_536]) },
  ),
  frames: fc.oneof(fc.constant(0xffff), nat),
  ending: fc.constantFrom("silence", "end", "reset"),
});

/** The frames of a case, mutated. */
export function framesFor(one: Case, conversations: readonly Conversation[]): Buffer[] {
  const { frames } = conversations[one.conversation % conversations.length] as Conversation;
  let mutated = [...frames];
  for (const each of one.mutations) mutated = mutate(mutated, each, conversations);
  return one.frames === 0xffff ? mutated : mutated.slice(0, one.frames % (mutated.length + 1));
}

function mutate(frames: Buffer[], by: Mutation, conversations: readonly Conversation[]): Buffer[] {
  const at = by.frame % Math.max(1, frames.length);
  const frame = frames[at];
  if (frame === undefined) return frames;
  const replaced = (...by: readonly Buffer[]) => frames.toSpliced(at, 1, ...by);
  switch (by.kind) {
    case "drop":
      return replaced();
    case "repeat":
      return replaced(...Array.from({ length: by.times + 1 }, () => frame));
    case "move":
      return replaced().toSpliced(by.to % frames.length, 0, frame);
    case "splice": {
      const other = conversations[by.other % conversations.length] as Conversation;
      return [...frames.slice(0, at), ...other.frames.slice(by.from % other.frames.length)];
    }
    case "insert":
      return replaced(Buffer.from(by.bytes, "latin1"), frame);
    default:
      return replaced(changed(frame, by));
  }
}

type Change = Extract<Mutation, { kind: "flip" | "byte" | "cut" | "length" | "word" | "swell" }>;

function changed(frame: Buffer, by: Change): Buffer {
  const at = "at" in by ? by.at % Math.max(1, frame.length) : 0;
  const copy = Buffer.from(frame);
  const between = (middle: Buffer) => Buffer.concat([frame.subarray(0, at), middle, frame.subarray(at)]);
  switch (by.kind) {
    case "flip":
      copy[at] = (copy[at] ?? 0) ^ (1 << by.bit);
      return copy;
    case "byte":
      copy[at] = by.value;
      return copy;
    case "cut":
      return copy.subarray(0, at);
    case "word":
      return between(Buffer.from(by.word, "latin1"));
    case "swell":
      return between(Buffer.alloc(by.by, by.byte));
    case "length":
      return withLength(copy, by.value);
  }
}

/** The size of a frame of AMQP, or the content-length of one of STOMP; what stands there otherwise is overwritten too. */
function withLength(frame: Buffer, value: number): Buffer {
  const text = frame.toString("latin1");
  if (/^\n*[A-Z]+\r?\n/.test(text)) {
    const header = `content-length:${value}\n`;
    const found = /content-length:\d+\n/.test(text);
    return Buffer.from(
      found ? text.replace(/content-length:\d+\n/, header) : text.replace("\n\n", `\n${header}\n`),
      "latin1",
    );
  }
  if (frame.length >= 4) frame.writeUInt32BE(value, 0);
  return frame;
}
