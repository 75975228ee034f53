/** What the calls of a connection may be told, and that nothing else is: a misspelt option would be one without effect. */
import { inspect } from "node:util";
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

/** @throws InvalidArgumentError naming the option that does not exist, and the nearest that does. */
export function checkConsumeOptions(options: ConsumeOptions): void {
  checkNames("consume", options, CONSUME_OPTIONS);
}

/** @throws InvalidArgumentError for options that are none, or a signal that is none. */
export function checkSignal(call: string, options: { readonly signal?: AbortSignal | undefined }): void {
  if (typeof options !== "object" || options === null)
    throw new InvalidArgumentError(`${call}() takes its options as an object, not ${options}`);
  const { signal }: { readonly signal?: unknown } = options;
  // Not by its class: signals of other realms and of libraries serve as well.
  if (signal === undefined || (signal instanceof Object && "aborted" in signal && "addEventListener" in signal)) return;
  throw new InvalidArgumentError(`The signal of ${call}() is an AbortSignal, not ${inspect(signal)}`);
}

function checkNames(
  call: string,
  options: { readonly signal?: AbortSignal | undefined },
  known: readonly string[],
): void {
  checkSignal(call, options);
  for (const name in options) {
    if (known.includes(name)) continue;
    const nearest = nearestName(name, known);
    const hint = nearest === undefined ? `it takes ${known.join(", ")}` : `did you mean ${nearest}?`;
    throw new InvalidArgumentError(`${call}() has no option ${name}: ${hint}`);
  }
}
