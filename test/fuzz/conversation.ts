/** What a broker said to a client, recorded: frames to be played to a session, whole or mutated. */
import { readdirSync, readFileSync } from "node:fs";
import type { Protocol } from "../support/stories.ts";
import type { StoryName } from "./stories.ts";

/** As it stands in test/vectors/conversations. */
export interface Recording {
  readonly protocol: Protocol;
  /** Who spoke, such as "classic 6.1.8". */
  readonly peer: string;
  readonly story: StoryName;
  /** The random ids in what the client said, in the order of their first appearance: the peer repeats some. */
  readonly ids: readonly string[];
  /** All bytes of the peer's, in base64. */
  readonly said: string;
}

export interface Conversation extends Omit<Recording, "said"> {
  readonly name: string;
  readonly frames: readonly Buffer[];
}

const FOLDER = new URL("../vectors/conversations/", import.meta.url);
export const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

export function readConversations(protocol: Protocol): readonly Conversation[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .flatMap((file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as readonly Recording[])
    .filter((recording) => recording.protocol === protocol)
    .map(({ said, ...recording }) => ({
      ...recording,
      name: `${recording.story} by ${recording.peer}`,
      frames: framesOf(protocol, Buffer.from(said, "base64")),
    }));
}

/** The bytes cut into frames; a line feed between frames of STOMP stays with the one behind it. */
export function framesOf(protocol: Protocol, bytes: Buffer): readonly Buffer[] {
  const frames: Buffer[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const size = Math.min(rest.length, protocol === "amqp" ? amqpSize(rest) : stompSize(rest));
    frames.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return frames;
}

function amqpSize(bytes: Buffer): number {
  if (bytes.length < 8 || bytes.toString("latin1", 0, 4) === "AMQP") return 8;
  return Math.max(8, bytes.readUInt32BE(0));
}

function stompSize(bytes: Buffer): number {
  const body = bytes.indexOf(
    "\n\n",
    bytes.findIndex((byte) => byte !== 10),
  );
  if (body < 0) return bytes.length;
  const length = /\ncontent-length:(\d+)\n/.exec(bytes.toString("latin1", 0, body + 1))?.[1];
  const end = length === undefined ? bytes.indexOf(0, body) : body + 2 + Number(length);
  return end < 0 ? bytes.length : end + 1;
}
