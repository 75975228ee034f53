/**
 * The consumers that Classic announces by advisories (docs/decisions/0027-demand-and-one-active-process.md): one by one
 * over STOMP, as a number over AMQP.
 */
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";
import { type DestinationPattern, distinctPatterns, formatPattern } from "../routing/pattern.ts";
import { announcedPattern } from "./announced-name.ts";
import { isBridgeSelector } from "./bridge-mark.ts";
import { checkConsumerCount } from "./max-consumers.ts";

export const ADVISORIES = "ActiveMQ.Advisory.Consumer.";

/** The property that gives the type of an advisory over AMQP. */
const STRUCTURE = "ActiveMqDataStructureType";

export type Advisory = Pick<ReceivedMessage, "destination" | "properties" | "text">;

interface Demanded {
  readonly pattern: DestinationPattern;
  count: number;
}

export class ClassicLedger {
  /** Consumer numbers by `queue://NAME`, as AMQP advisories have them. */
  readonly #counts = new Map<string, Demanded>();
  /** Consumers by their id, as STOMP advisories have them. */
  readonly #consumers = new Map<string, DestinationPattern>();
  readonly #isRelevant: (destination: DestinationPattern) => boolean;

  constructor(isRelevant: (destination: DestinationPattern) => boolean) {
    this.#isRelevant = isRelevant;
  }

  /**
   * Returns false for an advisory that cannot be read, which is left out: whoever may write to the topic can send one.
   * @throws Error when there are more consumers than are kept.
   */
  apply(advisory: Advisory): boolean {
    const pattern = advisedPattern(advisory.destination);
    if (!pattern || !this.#isRelevant(pattern)) return true;
    // Over AMQP a property gives the type of the advisory. The body does not describe the consumer that appears.
    const structure = advisory.properties[STRUCTURE];
    if (structure === undefined) {
      const body = readJson(advisory);
      if (!body) return false;
      this.#applyJson(pattern, body);
    } else this.#applyCount(pattern, structure === "ConsumerInfo", Number(advisory.properties["consumerCount"]));
    checkConsumerCount(this.#counts.size + this.#consumers.size);
    return true;
  }

  demanded(): readonly DestinationPattern[] {
    return distinctPatterns([...[...this.#counts.values()].map(({ pattern }) => pattern), ...this.#consumers.values()]);
  }

  #applyCount(pattern: DestinationPattern, appears: boolean, told: number): void {
    const key = formatPattern(pattern);
    const known = this.#counts.get(key)?.count ?? 0;
    // Classic counts the consumers of a queue of exactly this name. No queue has a wildcard as its name, so there the
    // number is always 0 (measured, 6.1.8).
    const count = pattern.hasWildcard ? known + (appears ? 1 : -1) : told;
    if (count > 0) this.#counts.set(key, { pattern, count });
    else this.#counts.delete(key);
  }

  #applyJson(pattern: DestinationPattern, { ConsumerInfo: info, RemoveInfo: gone }: AdvisoryBody): void {
    if (gone) this.#consumers.delete(idOf(gone["objectId"]));
    if (!info || isNoDemand(info)) return;
    this.#consumers.set(idOf(info["consumerId"]), pattern);
  }
}

/** Whether an advisory describes a consumer: over AMQP by its properties, over STOMP by a body in JSON. */
export function isReadable(advisory: Advisory): boolean {
  return advisory.properties[STRUCTURE] !== undefined || readJson(advisory) !== undefined;
}

/** Whether a consumer removes no messages for good: a browser, a bridge of ours, or a broker's network connector. */
function isNoDemand({ browser, brokerPath, additionalPredicate, selector }: Record<string, unknown>): boolean {
  return (
    browser === true || brokerPath !== undefined || additionalPredicate !== undefined || isBridgeSelector(selector)
  );
}

function advisedPattern(destination: string | undefined): DestinationPattern | undefined {
  const [, kind, name] = /^topic:\/\/ActiveMQ\.Advisory\.Consumer\.(Queue|Topic)\.(.+)$/.exec(destination ?? "") ?? [];
  return name === undefined ? undefined : announcedPattern(kind === "Queue" ? "queue" : "topic", name);
}

type Structure = Record<string, unknown>;

interface AdvisoryBody {
  readonly ConsumerInfo?: Structure;
  readonly RemoveInfo?: Structure;
}

/** Returns undefined for a body that is no object in JSON. */
function readJson(advisory: Advisory): AdvisoryBody | undefined {
  try {
    const value: unknown = JSON.parse(advisory.text());
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function idOf(value: unknown): string {
  const { connectionId, sessionId, value: number } = (value ?? {}) as Structure;
  return `${connectionId} ${sessionId} ${number}`;
}
