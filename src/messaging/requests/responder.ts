/** Answers requests: a handler's result goes to where the message asks for it. */
import { MasterSlaveError } from "../../errors/errors.ts";
import type { MessageBody } from "../messages/outgoing-message.ts";
import type { ReceivedMessage } from "../messages/received-message.ts";
import type { ConnectionWarning } from "../port/adapter-settings.ts";
import type { ConsumeOptions } from "../receiving/consume-options.ts";
import type { Consumer } from "../receiving/consumer.ts";
import type { ProcessContext, RunOptions } from "../receiving/run-consumer.ts";
import type { SendOptions } from "../sending/call-options.ts";

/** What it returns is the reply; undefined sends none. */
export type AnswerRequest = (
  message: ReceivedMessage,
  context: ProcessContext,
) => MessageBody | undefined | Promise<MessageBody | undefined>;

export interface RespondOptions extends ConsumeOptions, RunOptions {}

/** What a responder needs of the connection. */
export interface ResponderMeans {
  send(destination: string, body: MessageBody, options: SendOptions): Promise<unknown>;
  warn(warning: ConnectionWarning): void;
}

export class Responder implements AsyncDisposable {
  /** Resolves when it is closed and every handler has finished; rejects when the consumer or a settlement failed. */
  readonly done: Promise<void>;
  readonly #consumer: Consumer;
  readonly #answer: AnswerRequest;
  readonly #means: ResponderMeans;

  constructor(consumer: Consumer, answer: AnswerRequest, options: RunOptions, means: ResponderMeans) {
    this.#consumer = consumer;
    this.#answer = answer;
    this.#means = means;
    this.done = consumer.run((message, context) => this.#respond(message, context), options);
    // Whoever does not wait for it hears of a failure from `ready`, or not at all, as of a closed consumer.
    this.done.catch(() => {});
  }

  /** Resolves when the broker has the subscription. */
  get ready(): Promise<void> {
    return this.#consumer.ready;
  }

  /** Takes no more requests and resolves when the subscription has ended; handlers that run go on, see `done`. */
  async close(): Promise<void> {
    await this.#consumer.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #respond(message: ReceivedMessage, context: ProcessContext): Promise<void> {
    const body = await this.#answer(message, context);
    const { replyTo, persistent } = message;
    if (body === undefined || replyTo === undefined) return;
    // As JMS has it: the request's correlation id if it has one, else its message id.
    const correlationId = message.correlationId ?? message.brokerMessageId ?? message.id;
    const options = { ...(correlationId !== undefined && { correlationId }), persistent: persistent ?? true };
    try {
      await (context.transaction ?? this.#means).send(replyTo, body, options);
    } catch (reason) {
      if (!(reason instanceof MasterSlaveError) || !NOBODY_WAITS.has(reason.code) || context.transaction) throw reason;
      const text = `The reply to message ${message.id ?? "(no id)"} could not be sent to ${replyTo}: ${reason.message}`;
      this.#means.warn({ code: "REPLY_REFUSED", message: text, endpoint: reason.endpoint });
    }
  }
}

/** The reply queue is gone, as a temporary one goes with its requester, or is none that can be sent to. */
const NOBODY_WAITS: ReadonlySet<string> = new Set(["SEND_REJECTED", "INVALID_ARGUMENT", "UNSUPPORTED"]);
