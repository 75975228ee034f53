/** Reads an ERROR frame: a text to show, and tests for the kind of error. */
import { printable, printableLine } from "../../../errors/printable.ts";
import { peerText } from "./peer-text.ts";

/** How much of an ERROR frame's body is kept; it is usually a stack trace. */
export const MAX_ERROR_BYTES = 64 * 1024;

/** How much of the message header is kept if there is no body: Artemis puts the whole refused message into it. */
const MAX_CAUSE = 8 * 1024;

/** What an ERROR frame says. */
export interface BrokerRefusal {
  readonly receiptId: string | undefined;
  /** The message header, and the first line of the body if that says more. */
  readonly text: string;
  /** The whole body as an error, for `cause`: brokers written in Java send a stack trace. */
  readonly cause: Error;
  /**
   * Whether the text contains these words. The words are looked for before credentials are redacted, since a password
   * such as "full" may be a word of the text.
   */
  says(words: RegExp): boolean;
  /** The whole text, credentials included. Never show it. */
  asSaid(): string;
}

/** What the headers of an ERROR frame say. */
interface ErrorHeaders {
  readonly message?: string | undefined;
  readonly receiptId?: string | undefined;
}

/** `redact` removes the credentials: brokers often name the user. */
export function readRefusal(
  { message = "", receiptId }: ErrorHeaders,
  body: Buffer,
  redact: (text: string) => string,
): BrokerRefusal {
  const whole = body.toString().trim();
  const shown = redact(whole);
  const sentence = sentenceOf(peerText(message, unchanged), whole);
  return {
    receiptId,
    text: printableLine(sentenceOf(peerText(message, redact), shown)) || "no reason given",
    cause: new Error(printable(shown || peerText(message, redact, MAX_CAUSE))),
    says: (words) => words.test(sentence),
    asSaid: () => whole || peerText(message, unchanged, MAX_CAUSE),
  };
}

/** Leaves the text as the broker sent it: to look for words in, not to show. */
const unchanged = (text: string) => text;

/** Returns the message header, and the first line of the body if that says more. */
function sentenceOf(message: string, body: string): string {
  const [firstLine = ""] = peerText(body, unchanged).split(/\r?\n/, 1);
  return joinTexts(message.trim(), firstLine);
}

/**
 * Classic's body repeats the message header, and so does Artemis's except for colons. Searching one text in the other
 * takes up to the product of their lengths, so both are cut before (peerText).
 */
function joinTexts(said: string, firstLine: string): string {
  const [words, wordsOfBody] = [said, firstLine].map((text) => text.replace(/[\s:]+/g, " ")) as [string, string];
  if (wordsOfBody.includes(words)) return firstLine;
  return words.includes(wordsOfBody) ? said : `${said}: ${firstLine}`;
}

/**
 * Classic: "Broker: a - Client: me already connected from tcp://…". Classic accepts the client id again once that
 * connection is gone.
 */
const CLIENT_ID_IN_USE = /client: .* already connected/i;

/** Classic: "Durable consumer is in use for client: …". */
const SUBSCRIPTION_IN_USE = /durable consumer is in use/i;

/** What the tests below need of a refusal. */
type Sayings = Pick<BrokerRefusal, "says">;

/** Whether a subscription was refused only because another live session has it. */
export function saysInUse(refusal: Sayings): boolean {
  return refusal.says(SUBSCRIPTION_IN_USE) || refusal.says(CLIENT_ID_IN_USE);
}

/**
 * Whether this is Classic's ERROR for a frame past `wireFormat.maxDataLength` or `maxFrameSize`. It has no receipt-id,
 * and Classic closes.
 */
export function saysTooLarge(refusal: Sayings): boolean {
  return refusal.says(/maximum (data length|frame size) was exceeded/i);
}

/** Whether the broker refused because another live connection uses our client id. */
export function saysClientIdInUse(refusal: Sayings): boolean {
  return refusal.says(CLIENT_ID_IN_USE);
}

/**
 * Whether this is Classic's "Unexpected ACK received for message-id [m]", the ERROR for an acknowledgement that came
 * too late.
 */
export function saysOfAck(refusal: Sayings): boolean {
  return refusal.says(/unexpected n?ack/i);
}

/**
 * Whether this is an ERROR of Artemis about the whole connection: no heart-beat in time, or a consumer that the broker
 * ended.
 */
export function saysOfSession(refusal: Sayings): boolean {
  return refusal.says(/AMQ229014|disconnected by server/i);
}

/** Whether this is an ERROR of Artemis that only a SUBSCRIBE can cause: a bad selector, or no permission to consume. */
export function saysOfSubscribe(refusal: Sayings): boolean {
  return refusal.says(/\b(selector|filter)\b|permission='(CONSUME|BROWSE)'/i);
}
