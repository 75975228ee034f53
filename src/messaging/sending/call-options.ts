/** The options of send() and close(). */
import { checkNames } from "../messages/argument-checks.ts";
import type { MessageOptions } from "../messages/outgoing-message.ts";
import type { SendLimits } from "./send-policy.ts";

/** The options of send(). */
export interface SendOptions extends MessageOptions, SendLimits {}

/** The options of a call without any: nothing needs checking. */
export const NO_OPTIONS: SendOptions = Object.freeze({});

/** The options of close(). */
export interface CloseOptions {
  /**
   * How long to wait for handlers to settle and sends to be confirmed, in ms; by default the URI's drainTimeoutMs (10
   * s). 0 does not wait. Leaving a broker that does not answer takes up to 2 s more.
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

/** @throws InvalidArgumentError that names the unknown option, and the nearest known one. */
export function checkSendOptions(options: SendOptions): void {
  checkNames("send", options, SEND_OPTIONS);
}
