/** Steps of the tests of sends to Artemis: a session with a scripted peer, and what it has written, a word a frame. */
import { afterEach } from "vitest";
import type { MessageOptions } from "../../../../src/messaging/messages/outgoing-message.ts";
import type { AdapterSettings } from "../../../../src/messaging/port/adapter-settings.ts";
import type { MessagingSession } from "../../../../src/messaging/port/messaging-session.ts";
import { TestSend } from "./messaging-steps.ts";
import { ARTEMIS, attempt, frame, type PeerConnection, type PeerFrame, StompPeer } from "./stomp-peer.ts";

/** Sends share transactions only where both sides beat; no heart-beat comes in the time of a test. */
const BEATS = 60_000;
const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const peer of open.splice(0)) await peer[Symbol.asyncDispose]();
});

export async function connected(settings: Partial<AdapterSettings> = {}) {
  const peer = await StompPeer.greeting(ARTEMIS, "1.2", `${BEATS},${BEATS}`);
  open.push(peer);
  const session = await attempt(peer.endpoint, { groupCommit: true, heartbeatMs: BEATS, ...settings });
  return { session, peer: peer.connection };
}

/** How many transactions of sends there were before those that words() tells of. */
const past = new WeakMap<PeerConnection, number>();

/** A session that has sent to queue://orders before: the next sends to it ask for no receipts. words() does not tell of it. */
export async function proven(settings: Partial<AdapterSettings> = {}) {
  const { session, peer } = await connected(settings);
  const [first] = sendAll(session, "x");
  await answer(peer, "x@1?", "COMMIT@1?");
  await first?.outcome;
  past.set(peer, 1);
  peer.frames.splice(1);
  return { session, peer };
}

/** Sends one message for each letter, in one turn. */
export function sendAll(session: MessagingSession, letters: string, options: MessageOptions = {}): TestSend[] {
  const sends = [...letters].map((letter) => new TestSend(letter, options));
  for (const send of sends) session.send(send);
  return sends;
}

/** Sends a message that an earlier session has left without an answer. */
export function sendInDoubt(session: MessagingSession, body: string, destination = "queue://orders"): TestSend {
  const send = Object.assign(new TestSend(body, {}, destination), { inDoubt: true });
  session.send(send);
  return send;
}

/**
 * What has come since CONNECT, a word a frame: a SEND by its body, or by its destination where it has none; `@` and the
 * transaction, `@b1` for the first storage barrier; and `?` where it asks for a receipt.
 */
export function words(peer: PeerConnection): string {
  const barriers: string[] = [];
  const shortOf = (transaction: string) => {
    if (transaction.startsWith("group-")) return Number(transaction.slice(6)) - (past.get(peer) ?? 0);
    if (!transaction.startsWith("barrier-")) return transaction;
    if (!barriers.includes(transaction)) barriers.push(transaction);
    return `b${barriers.indexOf(transaction) + 1}`;
  };
  const word = ({ command, headers, body }: PeerFrame) => {
    const name = command === "SEND" ? body.toString() || headers["destination"] : command;
    const { transaction } = headers;
    return `${name}${transaction === undefined ? "" : `@${shortOf(transaction)}`}${headers["receipt"] ? "?" : ""}`;
  };
  return peer.frames.slice(1).map(word).join(" ");
}

/** Waits until so many frames beside CONNECT have come, and returns what they are. */
export async function wordsOf(peer: PeerConnection, count: number): Promise<string> {
  await peer.until(() => peer.frames.length > count, `${count} frames: ${words(peer)}`);
  return words(peer);
}

/** The frame that is this word of words(), as soon as it has come. */
export async function frameOf(peer: PeerConnection, wanted: string): Promise<PeerFrame> {
  const index = () => words(peer).split(" ").indexOf(wanted);
  await peer.until(() => index() >= 0, `${wanted}: ${words(peer)}`);
  return peer.frames[index() + 1] as PeerFrame;
}

/** Answers the frames that are these words, as soon as they have come. */
export async function answer(peer: PeerConnection, ...wanted: string[]): Promise<void> {
  for (const one of wanted) peer.receipt(await frameOf(peer, one));
}

export const receiptFor = (to: PeerFrame) => frame("RECEIPT", { "receipt-id": to.headers["receipt"] ?? "none" });

/** An ERROR, which names what it answers only where `to` is given. */
export function errorFrame(message: string, to?: PeerFrame): string {
  const named: Record<string, string> = to === undefined ? {} : { "receipt-id": to.headers["receipt"] ?? "none" };
  return frame("ERROR", { ...named, message });
}

/** The outcomes of each send, or "-" for none. */
export function outcomesOf(sends: readonly TestSend[]): string {
  return sends.map(({ outcomes }) => outcomes.map(({ kind }) => kind).join("+") || "-").join(" ");
}
