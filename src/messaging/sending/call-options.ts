/** What send() may be told, and close(). */
import { checkNames } from "../messages/argument-checks.ts";
import type { MessageOptions } from "../messages/outgoing-message.ts";
import type { SendLimits } from "./send-policy.ts";

/** What send() may be told. */
export interface SendOptions extends MessageOptions, SendLimits {}

/** Of a call that was told nothing: nothing is to be checked. */
export const NO_OPTIONS: SendOptions = Object.freeze({});

/** What close() may be told. */
export interface CloseOptions {
  /**
   * How long to wait for handlers to settle and sends to be confirmed, ms; the URI's drainTimeoutMs (10 s) unless said. 0
   * does not wait for them. The goodbye to a broker that does not answer takes up to 2 s more, whatever is said here.
   */
  readonly drainTimeoutMs?: number | undefined;
}

export const SEND_OPTIONS = [
  "properties",
  "ttlMs",
  "priority",
  "correlationId",
  "replyTo",
  "type",
  "groupId",
  "groupSequence",
  "delayMs",
  "persistent",
  "id",
  "timeoutMs",
  "signal",
] as const satisfies readonly (keyof SendOptions)[];

/** @throws InvalidArgumentError naming the option that does not exist, and the nearest that does. */
export function checkSendOptions(options: SendOptions): void {
  checkNames("send", options, SEND_OPTIONS);
}
