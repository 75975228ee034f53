/** Answers requests: a handler's result is sent to the message's reply-to. */
import { InvalidArgumentError, MasterSlaveError } from "../../errors/errors.ts";
import { isInstance } from "../../errors/text-of.ts";
import { markBareAddress } from "../messages/bare-address.ts";
import { isBareName } from "../messages/destination.ts";
import type { MessageBody } from "../messages/outgoing-message.ts";
import type { ReceivedMessage } from "../messages/received-message.ts";
import { correlationOf, keepCorrelation } from "../messages/reply-correlation.ts";
import type { ConnectionWarning } from "../port/adapter-settings.ts";
import { CONSUME_OPTIONS, type ConsumeOptions } from "../receiving/consuming/consume-options.ts";
import type { Consumer } from "../receiving/consuming/consumer.ts";
import { RunAgain } from "../receiving/handling/attempt.ts";
import type { ProcessContext } from "../receiving/handling/process-context.ts";
import { RUN_OPTIONS, type RunOptions } from "../receiving/handling/run-consumer.ts";
import type { Transaction } from "../receiving/handling/transact.ts";
import type { SendOptions } from "../sending/call-options.ts";
import { type AllowReplyTo, replyDestination } from "./reply-destination.ts";

/** Returns the reply; undefined sends none. */
export type AnswerRequest = (
  message: ReceivedMessage,
  context: ProcessContext,
) => MessageBody | undefined | Promise<MessageBody | undefined>;

/** The options of respond(). */
export interface RespondOptions extends ConsumeOptions, RunOptions {
  /**
   * Called with each request's reply-to, such as `queue://answers`; the reply is sent only if it returns true. By
   * default any plain queue or topic is accepted. A name that its sender gave without a kind is shown as a queue's. A
   * list of destinations, or one with `?` options, is never answered.
   */
  readonly replyTo?: AllowReplyTo | undefined;
}

export const RESPOND_OPTIONS = [...CONSUME_OPTIONS, ...RUN_OPTIONS, "replyTo"] as const;

/** What a responder needs. */
export interface ResponderDeps {
  readonly answer: AnswerRequest;
  readonly replyTo: AllowReplyTo | undefined;
  readonly run: RunOptions;
  readonly connection: {
    send(destination: string, body: MessageBody, options: SendOptions): Promise<unknown>;
    warn(warning: ConnectionWarning): void;
  };
}

/** Answers requests until it is closed. */
export class Responder implements AsyncDisposable {
  /** Resolves when it is closed and every handler has finished; rejects when the consumer or a settlement failed. */
  readonly done: Promise<void>;
  readonly #consumer: Consumer;
  readonly #deps: ResponderDeps;
  /**
   * Requests whose reply a broker has refused within a transaction: when they are processed again, they are only
   * accepted.
   */
  readonly #unanswerable = new WeakMap<ReceivedMessage, { readonly usedTransaction: boolean }>();

  constructor(consumer: Consumer, deps: ResponderDeps) {
    this.#consumer = consumer;
    this.#deps = deps;
    this.done = consumer.run((message, context) => this.#respond(message, context), deps.run);
    // A caller who does not wait for `done` learns of a failure from `ready`, or not at all, as with a closed consumer.
    this.done.catch(() => {});
  }

  /** Resolves when the broker has the subscription. */
  get ready(): Promise<void> {
    return this.#consumer.ready;
  }

  /** Takes no more requests and resolves when the subscription has ended; running handlers go on, see `done`. */
  async close(): Promise<void> {
    await this.#consumer.close();
  }

  /** Same as close(), for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #respond(message: ReceivedMessage, context: ProcessContext): Promise<void> {
    const refused = this.#unanswerable.get(message);
    // If the handler did not use the transaction, nothing was lost by the rollback and it need not run again.
    if (refused?.usedTransaction === false) return;
    const watched = watch(context);
    const body = await this.#deps.answer(message, watched.context);
    if (refused || body === undefined || message.replyTo === undefined) return;
    let to: string;
    try {
      to = this.#destination(message.replyTo);
    } catch (reason) {
      if (!isInstance(reason, InvalidArgumentError)) throw reason;
      this.#warn(message, reason);
      return;
    }
    try {
      await (context.transaction ?? this.#deps.connection).send(to, body, replyOptions(message));
    } catch (reason) {
      if (!isInstance(reason, MasterSlaveError) || !NOBODY_WAITS.has(reason.code)) throw reason;
      this.#warn(message, reason);
      if (context.transaction === undefined) return;
      // The refusal dooms the transaction; the request must still be accepted.
      this.#unanswerable.set(message, { usedTransaction: watched.used() });
      throw new RunAgain("The reply was refused");
    }
  }

  /** Throws InvalidArgumentError for a reply-to that is not answered; passes on what the user's function throws. */
  #destination(replyTo: string): string {
    const destination = replyDestination(replyTo);
    const { replyTo: allows } = this.#deps;
    if (allows === undefined || allows(destination) === true) return destination;
    throw new InvalidArgumentError("the replyTo function of respond() did not return true for it");
  }

  #warn({ id, replyTo }: ReceivedMessage, reason: MasterSlaveError): void {
    const text = `The reply to message ${id ?? "(no id)"} could not be sent to ${replyTo}: ${reason.message}`;
    this.#deps.connection.warn({ code: "REPLY_REFUSED", message: text, endpoint: reason.endpoint });
  }
}

/** As in JMS: the request's correlation id if it has one, otherwise its message id. */
function replyOptions(message: ReceivedMessage): SendOptions {
  const { correlationId, senderMessageId, brokerMessageId, id, persistent = true } = message;
  const answered = correlationId ?? senderMessageId ?? brokerMessageId ?? id;
  const options: SendOptions = { ...(answered !== undefined && { correlationId: answered }), persistent };
  if (message.replyTo !== undefined && isBareName(message.replyTo)) markBareAddress(options);
  const encodedId = correlationOf(message);
  if (encodedId) keepCorrelation(options, encodedId);
  return options;
}

/** The same context, and whether the handler has used its transaction. */
function watch(context: ProcessContext): { readonly context: ProcessContext; used(): boolean } {
  const { transaction } = context;
  if (transaction === undefined) return { context, used: () => false };
  let used = false;
  const note = <T>(result: T): T => {
    used = true;
    return result;
  };
  const watched: Transaction = {
    send: (...send) => note(transaction.send(...send)),
    accept: (delivery) => note(transaction.accept(delivery)),
  };
  const { attempt, redelivered, delivery } = context;
  const seen: ProcessContext = {
    ...{ attempt, redelivered, delivery, transaction: watched },
    get signal() {
      return context.signal;
    },
  };
  return { context: seen, used: () => used };
}

/** The reply queue is gone, as a temporary one is with its requester, or this protocol cannot send to it. */
const NOBODY_WAITS: ReadonlySet<string> = new Set(["SEND_REJECTED", "UNSUPPORTED"]);
