/** Checks the options of consume() and browse(), and turns them into a request for a session. */
import { inspect } from "node:util";
import { InvalidArgumentError } from "../../../errors/errors.ts";
import { checkFlags, readOptions } from "../../messages/argument-checks.ts";
import { parseDestination } from "../../messages/destination.ts";
import type { NamedSubscription, SubscriptionRequest } from "../../port/messaging-session.ts";
import { type DeduplicationOptions, readDeduplication } from "../deliveries/deduplication.ts";

/** The options of consume(). */
export interface ConsumeOptions {
  /**
   * How many deliveries may be unsettled at once; 100 by default. Artemis over STOMP counts bytes: there it means as
   * many KiB, and only 1 is exact.
   */
  readonly prefetch?: number | undefined;
  /** The same limit in bytes, for Artemis over STOMP. Ignored elsewhere. */
  readonly prefetchBytes?: number | undefined;
  /** A JMS selector: only matching messages are delivered. An empty one counts as left out. */
  readonly selector?: string | undefined;
  /**
   * The name of a durable subscription to a topic; the connection needs a clientId. The broker keeps messages for it
   * while nobody consumes, until `connection.unsubscribe(name)`.
   */
  readonly durable?: string | undefined;
  /** The name of a subscription to a topic that all its consumers share while there are any. Artemis only. */
  readonly shared?: string | undefined;
  /**
   * The name of a subscription that is shared and durable, until `connection.unsubscribe(name, { shared: true })`.
   * Artemis only.
   */
  readonly sharedDurable?: string | undefined;
  /** Makes this the only consumer of its queue that gets messages, on brokers that support it. */
  readonly exclusive?: boolean | undefined;
  /**
   * Consumers with a higher priority are served first while they have room; from -128 to 127, 0 by default. Classic,
   * and Artemis over AMQP; elsewhere the consumer is refused.
   */
  readonly priority?: number | undefined;
  /** Settles duplicates of messages that this consumer has accepted, without delivering them. */
  readonly deduplicate?: DeduplicationOptions | undefined;
  /** Closes the consumer when it fires; the iteration ends as after `break`. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of browse(). */
export interface BrowseOptions {
  /** A JMS selector: only matching messages are shown. */
  readonly selector?: string | undefined;
  /** Ends the browsing when it fires. */
  readonly signal?: AbortSignal | undefined;
}

export const CONSUME_OPTIONS = [
  "prefetch",
  "prefetchBytes",
  "selector",
  "durable",
  "shared",
  "sharedDurable",
  "exclusive",
  "priority",
  "deduplicate",
  "signal",
] as const satisfies readonly (keyof ConsumeOptions)[];
const BROWSE_OPTIONS = ["selector", "signal"] as const satisfies readonly (keyof BrowseOptions)[];

const DEFAULT_PREFETCH = 100;
/** Multiplied by the size of a message, it is still a number that both protocols and Java's integers can carry. */
const MAX_PREFETCH = 1_000_000;
const MAX_PREFETCH_BYTES = 1_000_000_000;

/** The checked result of the options. */
export interface ConsumeRequest {
  readonly request: SubscriptionRequest;
  readonly deduplicate: DeduplicationOptions | undefined;
  readonly signal: AbortSignal | undefined;
}

/** @throws InvalidArgumentError that names what is wrong, and what is allowed. */
export function readConsumeOptions(
  destination: string,
  given: ConsumeOptions,
  clientId: string | undefined,
): ConsumeRequest {
  const options = readOptions("consume", given, CONSUME_OPTIONS);
  const { prefetch = DEFAULT_PREFETCH, prefetchBytes, exclusive, deduplicate } = options;
  checkCount("prefetch", prefetch, MAX_PREFETCH);
  if (prefetchBytes !== undefined) checkCount("prefetchBytes", prefetchBytes, MAX_PREFETCH_BYTES);
  const selector = readSelector(options.selector);
  checkFlags({ exclusive });
  const { priority } = options;
  checkPriority(priority);
  const request = { destination: parseDestination(destination), prefetch, selector };
  const subscription = readName(options);
  if (subscription) checkSubscription(subscription, request.destination.kind, clientId);
  const made = {
    ...request,
    ...(prefetchBytes !== undefined && { prefetchBytes }),
    ...(exclusive && { exclusive }),
    ...(priority !== undefined && { priority }),
    ...(subscription && { subscription }),
  };
  return {
    request: made,
    deduplicate: deduplicate === undefined ? undefined : readDeduplication(deduplicate),
    signal: options.signal,
  };
}

/** @throws InvalidArgumentError */
export function readBrowseOptions(destination: string, options: BrowseOptions): ConsumeRequest {
  const { selector, signal } = readOptions("browse", options, BROWSE_OPTIONS);
  const parsed = parseDestination(destination);
  if (parsed.kind !== "queue")
    throw new InvalidArgumentError(`browse() shows what is in a queue; ${destination} is none`);
  const request = { destination: parsed, prefetch: DEFAULT_PREFETCH, selector: readSelector(selector), browse: true };
  return { request, deduplicate: undefined, signal };
}

function readName({ durable, shared, sharedDurable }: ConsumeOptions): NamedSubscription | undefined {
  const named = [
    { name: durable, durable: true, shared: false },
    { name: shared, durable: false, shared: true },
    { name: sharedDurable, durable: true, shared: true },
  ].filter(({ name }) => name !== undefined);
  if (named.length > 1)
    throw new InvalidArgumentError(
      "Of durable, shared and sharedDurable a consumer takes one: each names a subscription",
    );
  return named[0] as NamedSubscription | undefined;
}

/** @throws InvalidArgumentError for an invalid name. */
export function checkSubscriptionName(name: unknown): asserts name is string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they end a STOMP header.
  if (typeof name === "string" && name !== "" && !/[\u0000-\u001f\u007f|]/.test(name)) return;
  throw new InvalidArgumentError(
    `The name of a subscription is a text without control characters and "|", not ${inspect(name)}`,
  );
}

/** @throws InvalidArgumentError */
export function requireClientId(name: string, clientId: string | undefined): void {
  if (clientId !== undefined) return;
  throw new InvalidArgumentError(
    `The durable subscription "${name}" belongs to a client id: give the connection the option clientId, or use sharedDurable`,
  );
}

function checkSubscription({ name, durable, shared }: NamedSubscription, kind: string, clientId: string | undefined) {
  checkSubscriptionName(name);
  if (kind !== "topic")
    throw new InvalidArgumentError(`The subscription "${name}" is to a ${kind}: only topics have named subscriptions`);
  if (durable && !shared) requireClientId(name, clientId);
}

function checkPriority(priority: number | undefined): void {
  if (priority === undefined || (Number.isInteger(priority) && priority >= -128 && priority <= 127)) return;
  throw new InvalidArgumentError(`priority is a whole number from -128 to 127, not ${inspect(priority)}`);
}

function checkCount(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value > 0 && value <= max) return;
  throw new InvalidArgumentError(`${name} is a whole number from 1 to ${max}, not ${value}`);
}

/** An empty selector counts as none (JMS 2.0, 3.8.1.1). */
function readSelector(selector: unknown): string | undefined {
  if (selector === undefined || selector === "") return undefined;
  if (typeof selector !== "string") throw new InvalidArgumentError(`selector is a string, not ${typeof selector}`);
  return selector;
}
