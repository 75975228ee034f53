/** What an ERROR frame says: a text to show, and words to know its kind by. */
import { printable, printableLine } from "../../../errors/printable.ts";
import { peerText } from "./peer-text.ts";

/** What is kept of an ERROR frame's body, which is a stack trace as a rule. */
export const MAX_ERROR_BYTES = 64 * 1024;

/** What is kept of its header where it has no body: Artemis prints the whole message that it refuses. */
const MAX_CAUSE = 8 * 1024;

/** What an ERROR frame says. */
export interface BrokerRefusal {
  readonly receiptId: string | undefined;
  /** The message header, and the body's first line where that says more. */
  readonly text: string;
  /** The whole body, for `cause`: a broker written in Java sends its stack trace. */
  readonly cause: Error;
  /**
   * Whether the sentence has these words. They are looked for before the credentials are taken out: a password such as
   * "full" is a word of the sentence.
   */
  says(words: RegExp): boolean;
  /** The whole of what was said, credentials and all: never to be shown. */
  asSaid(): string;
}

/** What the headers of an ERROR frame say. */
interface ErrorHeaders {
  readonly message?: string | undefined;
  readonly receiptId?: string | undefined;
}

/** `redact` takes the credentials out: brokers like to name the user. */
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

/** Leaves a text as it was said: to look for words in, not to show. */
const unchanged = (text: string) => text;

/** The message header, and the body's first line where that says more. */
function sentenceOf(message: string, body: string): string {
  const [firstLine = ""] = peerText(body, unchanged).split(/\r?\n/, 1);
  return joinTexts(message.trim(), firstLine);
}

/**
 * Classic's body begins with the message again, Artemis's is the same but for its colons. To look for one text in another
 * takes up to the product of their lengths: both are cut before (peerText).
 */
function joinTexts(said: string, firstLine: string): string {
  const [words, wordsOfBody] = [said, firstLine].map((text) => text.replace(/[\s:]+/g, " ")) as [string, string];
  if (wordsOfBody.includes(words)) return firstLine;
  return words.includes(wordsOfBody) ? said : `${said}: ${firstLine}`;
}

/** Classic: "Broker: a - Client: me already connected from tcp://…". It takes the id again as soon as that connection is gone. */
const CLIENT_ID_IN_USE = /client: .* already connected/i;

/** Classic: "Durable consumer is in use for client: …". */
const SUBSCRIPTION_IN_USE = /durable consumer is in use/i;

/** What a refusal is asked for its kind. */
type Sayings = Pick<BrokerRefusal, "says">;

/** Whether a subscription was refused only because another live session has it. */
export function saysInUse(refusal: Sayings): boolean {
  return refusal.says(SUBSCRIPTION_IN_USE) || refusal.says(CLIENT_ID_IN_USE);
}

/** Classic's words for a frame past `wireFormat.maxDataLength` or `maxFrameSize`; it names no receipt, and closes. */
export function saysTooLarge(refusal: Sayings): boolean {
  return refusal.says(/maximum (data length|frame size) was exceeded/i);
}

/** Whether a live connection has our client id. */
export function saysClientIdInUse(refusal: Sayings): boolean {
  return refusal.says(CLIENT_ID_IN_USE);
}

/** Classic: "Unexpected ACK received for message-id [m]": of an acknowledgement that came too late. */
export function saysOfAck(refusal: Sayings): boolean {
  return refusal.says(/unexpected n?ack/i);
}

/** Artemis' ERRORs about the connection as a whole: no heart-beat in time, or a consumer that it ended by itself. */
export function saysOfSession(refusal: Sayings): boolean {
  return refusal.says(/AMQ229014|disconnected by server/i);
}

/** Artemis' ERRORs that can only be about a SUBSCRIBE: of its selector, or of leave to consume. */
export function saysOfSubscribe(refusal: Sayings): boolean {
  return refusal.says(/\b(selector|filter)\b|permission='(CONSUME|BROWSE)'/i);
}
