/** Sends what cannot be forwarded to the source's dead letter queue, with the reason. */
import { pause } from "../../async/timer.ts";
import { MasterSlaveError } from "../../errors/errors.ts";
import type { Connection } from "../../messaging/connection/connection.ts";
import { formatDestination, parseDestination } from "../../messaging/messages/destination.ts";
import { passSections } from "../../messaging/messages/encoded-sections.ts";
import type { MessageBody } from "../../messaging/messages/outgoing-message.ts";
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";
import type { SendOptions } from "../../messaging/sending/call-options.ts";
import type { Protocol } from "../routing/message-identity.ts";
import { idAtTarget, identityOf } from "../routing/message-identity.ts";
import { FIRST_ID_PROPERTY, ORIGIN_PROPERTY, REASON_PROPERTY } from "../routing/path.ts";
import { type PassedBody, plainBody, sectionsIn } from "./passed-body.ts";
import { readRefusal } from "./refusal.ts";

export interface DeadLetterDeps {
  readonly source: Connection;
  readonly protocol: Protocol;
  readonly link: string;
  readonly group: string;
  /** The dead letter queue of the configuration; by default the broker's own. */
  readonly queue: string | undefined;
}

/** The longest reason, which is stored in a property. */
const MAX_REASON = 1000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

export interface Refused {
  readonly code: "DEAD_LETTERS_REFUSED";
  readonly reason: string;
}

/**
 * Sends copies with the reason, the origin and every property to the dead letter queue. A broker's own rejection would
 * lose the reason (measured), and may discard the message.
 */
export class DeadLetters {
  readonly #deps: DeadLetterDeps;
  readonly #onChange: () => void;
  /** Messages whose copy waits, and why it was refused last. */
  readonly #waiting = new Map<ReceivedMessage, string>();
  readonly #ending = new AbortController();

  constructor(deps: DeadLetterDeps, onChange: () => void) {
    this.#deps = deps;
    this.#onChange = onChange;
  }

  /** Number of copies that were refused and are sent again. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Why a copy waits; undefined if none does. */
  get problem(): Refused | undefined {
    const reason = this.#waiting.values().next().value;
    return reason === undefined ? undefined : { code: "DEAD_LETTERS_REFUSED", reason };
  }

  /** Why the copy of this message waits; undefined if it does not. */
  whyHeld(message: ReceivedMessage): string | undefined {
    const reason = this.#waiting.get(message);
    return reason && `DEAD_LETTERS_REFUSED: ${reason}`;
  }

  /**
   * Resolves with true when the source has the copy, and with false when it refuses it for what the message is. After
   * any other refusal the copy is sent again, until the message is not held any more or close() is called: then this
   * rejects.
   */
  async send(message: ReceivedMessage, said: string, isHeld: () => boolean): Promise<boolean> {
    try {
      for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
        if (this.#ending.signal.aborted || !isHeld()) throw new Error("The message comes again");
        if (await this.#try(message, said)) return true;
        if (!this.#waiting.has(message)) return false;
        await pause(waitMs, this.#ending.signal);
      }
    } finally {
      if (this.#waiting.delete(message)) this.#onChange();
    }
  }

  /** Sends nothing again. */
  close(): void {
    this.#ending.abort();
  }

  /** Resolves with whether the source has the copy. If it may be sent again, the message is among the waiting ones then. */
  async #try(message: ReceivedMessage, said: string): Promise<boolean> {
    try {
      const { body, options } = copyOf(message, said, this.#deps);
      await this.#deps.source.send(deadLetterQueue(this.#deps), body, options);
      return true;
    } catch (thrown) {
      if (readRefusal(thrown).kind === "poison") this.#waiting.delete(message);
      else this.#waiting.set(message, MasterSlaveError.from(thrown).message);
      this.#onChange();
      return false;
    }
  }
}

/** The reason as it is stored. */
export function reasonOf(code: string, reason: string): string {
  return `${code}: ${reason}`.replace(/\s+/g, " ").slice(0, MAX_REASON);
}

function copyOf(
  message: ReceivedMessage,
  said: string,
  { protocol, link, group }: DeadLetterDeps,
): { readonly body: MessageBody; readonly options: SendOptions } {
  const identity = identityOf(message, protocol);
  const { correlationId, groupId, type } = message;
  const { body, sections } = keptBody(message);
  const firstId = message.properties[FIRST_ID_PROPERTY] ?? identity;
  const options: SendOptions = {
    properties: {
      ...(sections ? {} : Object.fromEntries(Object.entries(message.properties).filter(([name]) => isKept(name)))),
      [ORIGIN_PROPERTY]: message.destination ?? "",
      [REASON_PROPERTY]: said,
      // A trace finds the dead letter by this id. Brokers do not look for duplicates by it.
      ...(firstId !== undefined && { [FIRST_ID_PROPERTY]: firstId }),
    },
    ...(identity !== undefined && {
      id: idAtTarget({ group, link, source: `${message.destination} dead` }, identity),
    }),
    ...(correlationId !== undefined && { correlationId }),
    ...(groupId !== undefined && { groupId }),
    ...(type !== undefined && { type }),
  };
  if (sections) passSections(options, sections);
  return { body, options };
}

/** `queue://NAME` */
export function deadLetterQueue({ source, queue }: Pick<DeadLetterDeps, "source" | "queue">): string {
  return formatDestination(parseDestination(queue ?? ownQueue(source.broker?.product)));
}

function ownQueue(product: string | undefined): string {
  return product === "artemis" ? "queue://DLQ" : "queue://ActiveMQ.DLQ";
}

/** A body that only AMQP can carry stays unchanged. */
function keptBody(message: ReceivedMessage): PassedBody {
  try {
    const sections = sectionsIn(message);
    if (!sections) return { body: plainBody(message), sections };
    const applicationProperties = sections.applicationProperties.filter(([name]) => isKept(name));
    return { body: sections.body, sections: { ...sections, applicationProperties } };
  } catch {
    return { body: plainBody(message), sections: undefined };
  }
}

/** Leaves out the broker's own names, and the duplicate id, which would make the broker drop the copy. */
function isKept(name: string): boolean {
  return !name.startsWith("_AMQ_") && !name.startsWith("JMS_AMQP_") && name !== FIRST_ID_PROPERTY;
}
