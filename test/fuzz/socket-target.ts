/** Our socket under arbitrary chunks, writes and ends: the same bytes come out, in order. */
import fc from "fast-check";
import { EndpointSocket } from "../../src/transport/socket/endpoint-socket.ts";
import { type Fuzzed, type FuzzOptions, fuzz, type Judged } from "./fuzzed.ts";
import { MemorySocket } from "./memory-socket.ts";
import { watchTrouble } from "./trouble.ts";

type Move =
  | { readonly kind: "feed"; readonly bytes: readonly number[] }
  | { readonly kind: "feed-text"; readonly text: string; readonly cuts: readonly number[] }
  | { readonly kind: "write"; readonly size: number; readonly fill: number }
  | { readonly kind: "turn" }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" };

export interface SocketCase {
  readonly moves: readonly Move[];
  readonly ending: "peer-end" | "our-end" | "destroy" | "reset";
}

const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    kind: fc.constant("feed" as const),
    bytes: fc.array(fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0x0d, 0xc3, 0xe2, 0xf0, 0x80, 0)), {
      maxLength: 20,
    }),
  }),
  fc.record({
    kind: fc.constant("feed-text" as const),
    text: fc.string({ unit: fc.constantFrom("a", "é", "€", "😀", "\r\n", "\0", "\r"), maxLength: 20 }),
    cuts: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }),
  }),
  fc.record({
    kind: fc.constant("write" as const),
    size: fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(16_383, 16_384, 16_385, 70_000)),
    fill: fc.nat({ max: 255 }),
  }),
  fc.constantFrom<Move>({ kind: "turn" }, { kind: "pause" }, { kind: "resume" }),
);

const anySocket: fc.Arbitrary<SocketCase> = fc.record({
  moves: fc.array(move, { maxLength: 30 }),
  ending: fc.constantFrom("peer-end", "our-end", "destroy", "reset"),
});

export async function fuzzSockets(options: FuzzOptions): Promise<Fuzzed> {
  const trouble = watchTrouble();
  try {
    return await fuzz(
      anySocket,
      async (one) => {
        const { violations, counts } = await judgeSocket(one);
        return { violations: [...violations, ...trouble.take()], counts };
      },
      options,
    );
  } finally {
    trouble.stop();
  }
}

export async function judgeSocket({ moves, ending }: SocketCase): Promise<Judged> {
  const [fed, written, read, sent]: Buffer[][] = [[], [], [], []];
  const inner = new MemorySocket((bytes) => sent?.push(Buffer.from(bytes)));
  const endpoint = { scheme: "stomp", host: "peer", port: 1, options: {} } as const;
  const socket = new EndpointSocket(inner.asSocket(), endpoint);
  let closed = 0;
  socket.on("close", () => closed++);
  socket.on("data", (chunk: Buffer) => read?.push(Buffer.from(chunk)));
  for (const each of moves) await make(each, inner, socket, fed as Buffer[], written as Buffer[]);
  socket.resume();
  await end(ending, inner, socket);
  const [into, out] = [Buffer.concat(fed as Buffer[]), Buffer.concat(read as Buffer[])];
  const [said, went] = [Buffer.concat(written as Buffer[]), Buffer.concat(sent as Buffer[])];
  const violations: string[] = [];
  const whole = ending === "peer-end";
  if (whole ? !out.equals(into) : !out.equals(into.subarray(0, out.length))) violations.push("other bytes are read");
  if (ending === "our-end" ? !went.equals(said) : !went.equals(said.subarray(0, went.length)))
    violations.push("other bytes are written");
  if (closed !== 1) violations.push(`it closed ${closed} times`);
  if (!inner.destroyed && ending !== "peer-end") violations.push("the inner socket is open");
  return { violations, counts: [ending] };
}

async function make(each: Move, inner: MemorySocket, socket: EndpointSocket, fed: Buffer[], written: Buffer[]) {
  switch (each.kind) {
    case "feed":
      return feed(inner, fed, Buffer.from(each.bytes));
    case "feed-text":
      return feedCut(inner, fed, Buffer.from(each.text), each.cuts);
    case "write": {
      const bytes = Buffer.alloc(each.size, each.fill);
      written.push(bytes);
      socket.write(bytes);
      return;
    }
    case "turn":
      return nextTurn();
    case "pause":
      socket.pause();
      return;
    case "resume":
      socket.resume();
  }
}

function feed(inner: MemorySocket, fed: Buffer[], bytes: Buffer): void {
  if (bytes.length === 0) return;
  fed.push(bytes);
  inner.feed(bytes);
}

async function feedCut(inner: MemorySocket, fed: Buffer[], bytes: Buffer, cuts: readonly number[]): Promise<void> {
  for (let at = 0, nth = 0; at < bytes.length; nth++) {
    const size = cuts[nth % cuts.length] ?? 1;
    feed(inner, fed, bytes.subarray(at, at + size));
    at += size;
    if (nth % 2 === 1) await nextTurn();
  }
}

async function end(ending: SocketCase["ending"], inner: MemorySocket, socket: EndpointSocket): Promise<void> {
  await nextTurn();
  if (ending === "peer-end") inner.feedEnd();
  else if (ending === "our-end") socket.end();
  else if (ending === "reset") inner.feedReset();
  else socket.destroy();
  // The event comes a tick after the flag.
  for (let turn = 0; turn < 50 && !socket.closed; turn++) await nextTurn();
  await nextTurn();
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
