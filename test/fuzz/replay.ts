/** Plays the peer's side of a conversation to a session while the client's story runs on it; says what was broken. */
import { AmqpSession } from "../../src/adapters/amqp/amqp-session.ts";
import { handshake as amqpHandshake } from "../../src/adapters/amqp/opening/handshake.ts";
import { handshake as stompHandshake } from "../../src/adapters/stomp/opening/handshake.ts";
import { SendMemory } from "../../src/adapters/stomp/opening/send-memory.ts";
import { StompSession } from "../../src/adapters/stomp/stomp-session.ts";
import { AttemptError, ConnectionClosedError } from "../../src/errors/errors.ts";
import type { MessagingSession } from "../../src/messaging/port/messaging-session.ts";
import { EndpointSocket } from "../../src/transport/socket/endpoint-socket.ts";
import type { Protocol } from "../support/stories.ts";
import { type Conversation, UUID } from "./conversation.ts";
import { MemorySocket } from "./memory-socket.ts";
import type { Case } from "./mutation.ts";
import { FUZZ_SETTINGS } from "./record.ts";
import { Scene } from "./scene.ts";
import { playStory } from "./stories.ts";
import { watchTurns } from "./turn-watch.ts";

export interface Replayed {
  readonly violations: readonly string[];
  /** How far it came. */
  readonly reached: "refused" | "session" | "finished";
}

/** Turns of the loop in which everything that is not waiting for the peer comes to its end. */
const TURNS_TO_SETTLE = 40;
const TURNS_TO_ANSWER = 12;
/** No case computes so long; it finds what does not end, or grows with the square of something. */
const LONGEST_MS = 4000;
/** No turn of the loop computes so long: a peer that has us do so stops everything else in the process. */
const LONGEST_TURN_MS = 500;
const CLOSED = new ConnectionClosedError("The case is over");

export async function replay(
  { ids, story, protocol }: Conversation,
  frames: readonly Buffer[],
  { pieces, ending }: Pick<Case, "pieces" | "ending">,
): Promise<Replayed> {
  const beganMs = performance.now();
  const turns = watchTurns();
  const ours = new Set<string>();
  const inner = new MemorySocket((bytes) => {
    if (protocol === "amqp") for (const id of bytes.toString("latin1").match(UUID) ?? []) ours.add(id);
  });
  const violations: string[] = [];
  const played = play(inner, protocol, story, violations);
  await feed(inner, frames.length > 0 ? frames : [], pieces, (frame) => renamed(frame, ids, ours));
  await answered(inner);
  if (ending === "end") inner.feedEnd();
  else if (ending === "reset") inner.feedReset();
  await answered(inner);
  const reached = await played.end();
  if (!inner.destroyed) violations.push("the socket is open after the end");
  const longestTurnMs = turns.stop();
  if (longestTurnMs > LONGEST_TURN_MS) violations.push(`a turn of the loop took ${Math.round(longestTurnMs)} ms`);
  const tookMs = performance.now() - beganMs;
  if (tookMs > LONGEST_MS) violations.push(`it took ${Math.round(tookMs)} ms`);
  return { violations, reached };
}

interface Played {
  /** Ends what is not over, and checks that everything settles. */
  end(): Promise<Replayed["reached"]>;
}

function play(inner: MemorySocket, protocol: Protocol, story: Conversation["story"], violations: string[]): Played {
  const abort = new AbortController();
  let state: { scene?: Scene; refused?: boolean; over?: boolean; finished?: boolean } = {};
  const running = open(inner, protocol, abort.signal).then(
    async (session) => {
      const scene = new Scene(session);
      state = { scene };
      const unfinished = await playStory(scene, story);
      state = { scene, over: true, finished: unfinished === undefined };
    },
    (error: unknown) => {
      state = { refused: true };
      if (error !== CLOSED && (!(error instanceof AttemptError) || error.code === "INTERNAL"))
        violations.push(`the handshake failed with ${error instanceof Error ? error.stack : String(error)}`);
    },
  );
  running.catch((error: unknown) => violations.push(`the case threw ${String(error)}`));
  return {
    async end() {
      abort.abort(CLOSED);
      state.scene?.session.destroy(CLOSED);
      for (let turn = 0; turn < TURNS_TO_SETTLE && !(state.refused || state.over); turn++) await nextTurn();
      const { scene, refused, over, finished } = state;
      if (!refused && !over) violations.push(scene ? "the story hangs" : "the handshake hangs");
      await nextTurn();
      for (const { what, settled } of scene?.promises ?? []) if (!settled()) violations.push(`${what} never settles`);
      violations.push(...(scene?.violations ?? []));
      if (refused) return "refused";
      return finished ? "finished" : "session";
    },
  };
}

async function open(inner: MemorySocket, protocol: Protocol, signal: AbortSignal): Promise<MessagingSession> {
  const endpoint = { scheme: protocol, host: "peer", port: 1, options: {} };
  const socket = new EndpointSocket(inner.asSocket(), endpoint);
  if (protocol === "stomp") {
    const request = { socket, login: undefined, settings: FUZZ_SETTINGS, memory: new SendMemory(true) };
    return new StompSession(await stompHandshake(request, signal));
  }
  return new AmqpSession(socket, await amqpHandshake(socket, undefined, FUZZ_SETTINGS, signal), FUZZ_SETTINGS);
}

/** A frame each time the session has nothing more to say, or pieces of the sizes given, some in each turn. */
async function feed(
  inner: MemorySocket,
  frames: readonly Buffer[],
  pieces: readonly number[],
  rename: (frame: Buffer) => Buffer,
): Promise<void> {
  for (const frame of frames) {
    await answered(inner);
    if (inner.destroyed) return;
    let rest = rename(frame);
    for (let nth = 0; rest.length > 0; nth++) {
      const size = pieces[nth % pieces.length] ?? rest.length;
      inner.feed(rest.subarray(0, size));
      rest = rest.subarray(size);
      if (nth % 8 === 7) await nextTurn();
    }
  }
}

/** Resolves when the client has written nothing for two turns. */
async function answered(inner: MemorySocket): Promise<void> {
  for (let turn = 0, quiet = 0; turn < TURNS_TO_ANSWER && quiet < 2; turn++) {
    const before = inner.bytesWritten;
    await nextTurn();
    quiet = inner.bytesWritten === before ? quiet + 1 : 0;
  }
}

/** The peer repeats ids that were random when it was recorded: each is that of now, by its place. */
function renamed(frame: Buffer, recorded: readonly string[], ours: ReadonlySet<string>): Buffer {
  let copy: Buffer | undefined;
  const now = [...ours];
  for (const [nth, id] of recorded.entries()) {
    const renamed = now[nth];
    for (let at = frame.indexOf(id, 0, "latin1"); renamed && at >= 0; at = frame.indexOf(id, at + 1, "latin1")) {
      copy ??= Buffer.from(frame);
      copy.write(renamed, at, "latin1");
    }
  }
  return copy ?? frame;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
