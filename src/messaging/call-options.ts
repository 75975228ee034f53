/** What the calls of a connection may be told, and that nothing else is: a misspelt option would be one without effect. */
import { InvalidArgumentError } from "../errors.ts";
import { nearestName } from "../uri/nearest-name.ts";
import type { MessageOptions } from "./outgoing-message.ts";
import type { SendLimits } from "./pending-send.ts";

export interface SendOptions extends MessageOptions, SendLimits {}

export interface ConsumeOptions {
  /** How many deliveries may be unsettled at once; 100 unless said. */
  readonly prefetch?: number;
  /** A JMS selector: only messages that match are delivered. */
  readonly selector?: string;
  /** Closes the consumer when it fires; the iteration ends as after `break`. */
  readonly signal?: AbortSignal;
}

export interface CloseOptions {
  /** How long to wait for handlers to settle and sends to be confirmed; the URI's drainTimeoutMs (10 s) unless said. */
  readonly drainTimeoutMs?: number;
}

const CONSUME_OPTIONS = ["prefetch", "selector", "signal"] as const satisfies readonly (keyof ConsumeOptions)[];
const SEND_OPTIONS = [
  "properties",
  "ttlMs",
  "priority",
  "correlationId",
  "replyTo",
  "persistent",
  "id",
  "timeoutMs",
  "signal",
] as const satisfies readonly (keyof SendOptions)[];
/** @throws InvalidArgumentError naming the option that does not exist, and the nearest that does. */
export function checkSendOptions(options: SendOptions): void {
  checkNames("send", options, SEND_OPTIONS);
}

/** @throws InvalidArgumentError naming the option that does not exist, and the nearest that does. */
export function checkConsumeOptions(options: ConsumeOptions): void {
  checkNames("consume", options, CONSUME_OPTIONS);
}

function checkNames(call: string, options: object, known: readonly string[]): void {
  for (const name in options) {
    if (known.includes(name)) continue;
    const nearest = nearestName(name, known);
    const hint = nearest === undefined ? `it takes ${known.join(", ")}` : `did you mean ${nearest}?`;
    throw new InvalidArgumentError(`${call}() has no option ${name}: ${hint}`);
  }
}
