/** Requests and their replies, which come to one queue of the connection and are matched by correlation id. */
import { randomUUID } from "node:crypto";
import { startDeadline } from "../../async/deadline.ts";
import { inBackground } from "../../async/in-background.ts";
import { unlessAborted } from "../../async/unless-aborted.ts";
import {
  type ConnectionClosedError,
  InvalidArgumentError,
  MasterSlaveError,
  NotConnectedError,
  RequestInterruptedError,
  RequestTimeoutError,
} from "../../errors/errors.ts";
import { checkTimeout } from "../messages/argument-checks.ts";
import { type Destination, formatDestination } from "../messages/destination.ts";
import type { MessageBody } from "../messages/outgoing-message.ts";
import type { ReceivedMessage } from "../messages/received-message.ts";
import type { Consumer } from "../receiving/consuming/consumer.ts";
import type { Consumers } from "../receiving/consuming/consumers.ts";
import { SEND_OPTIONS, type SendOptions } from "../sending/call-options.ts";
import type { SendPolicy, SendResult } from "../sending/send-policy.ts";
import { RequestSlots, type RequestSlotsSettings } from "./request-slots.ts";

/** The options of request(); its `replyTo` is set by the connection. */
export interface RequestOptions extends Omit<SendOptions, "replyTo"> {
  /**
   * Receive the reply on a temporary queue of this session: nobody else can read it, and it does not survive a
   * failover.
   */
  readonly temporary?: boolean | undefined;
}

/** Sends one message, in the same way as all sends. */
export type SendRequest = (
  destination: Destination,
  body: MessageBody,
  options: SendOptions,
  policy?: SendPolicy,
) => Promise<SendResult>;

interface Waiter {
  readonly temporary: boolean;
  /** Whether its reply goes to the temporary queue of the present session. */
  bound: boolean;
  readonly id: string;
  readonly reply: Promise<ReceivedMessage>;
  readonly resolve: (reply: ReceivedMessage) => void;
  readonly reject: (error: MasterSlaveError) => void;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** Replies are settled as they come; with many more Classic could stall over STOMP. */
const PREFETCH = 500;
/** A message that names a temporary queue is worthless after its session, so it is never sent again. */
const BOUND_TO_SESSION: SendPolicy = { inDoubt: "fail", whenInterrupted: "reject", whenFull: "reject" };

export const REQUEST_OPTIONS = [...SEND_OPTIONS, "temporary"] as const;

export class Requests {
  readonly #consumers: Consumers;
  readonly #send: SendRequest;
  readonly #slots: RequestSlots;
  readonly #queue: Destination = { kind: "queue", name: `masterslave.replies.${randomUUID()}` };
  readonly #waiters = new Map<string, Waiter>();
  readonly #temporary = { address: undefined as Destination | undefined, onceKnown: new Set<() => void>() };
  readonly #readers = new Map<Destination["kind"], Consumer>();

  constructor(consumers: Consumers, send: SendRequest, settings: RequestSlotsSettings) {
    this.#consumers = consumers;
    this.#send = send;
    this.#slots = new RequestSlots(settings);
  }

  /** Number of requests that wait for their replies. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Resolves with the reply; see Connection.request. */
  async request(destination: Destination, body: MessageBody, options: RequestOptions): Promise<ReceivedMessage> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, signal, temporary = false, ...rest } = options;
    checkTimeout(timeoutMs);
    const id = rest.id ?? randomUUID();
    const correlationId = rest.correlationId ?? id;
    const name = formatDestination(destination);
    const late = () => new RequestTimeoutError(`No reply to the request ${id} to ${name} within ${timeoutMs} ms`, id);
    const deadline = startDeadline(`The request ${id} to ${name}`, { timeoutMs, signal }, late);
    let hasSlot = false;
    let waiter: Waiter | undefined;
    try {
      this.#refuseDuplicate(correlationId);
      const room = this.#slots.take(id, deadline.signal);
      if (room) await room;
      hasSlot = true;
      waiter = this.#await(correlationId, id, temporary);
      const { reply } = waiter;
      const replyTo = temporary ? await this.#temporaryQueue(waiter, deadline.signal) : this.#replyQueue();
      const message = { ...rest, id, correlationId, replyTo: formatDestination(replyTo), signal: deadline.signal };
      const sent = this.#send(destination, body, message, temporary ? BOUND_TO_SESSION : undefined);
      // The reply may arrive before the confirmation of the request; a send that failed gets no reply.
      const failed = sent.then(
        () => reply,
        (reason) => Promise.reject(this.#sendFailure(reason, id, temporary)),
      );
      return await unlessAborted(deadline.signal, Promise.race([reply, failed]));
    } catch (reason) {
      throw deadline.signal.aborted ? deadline.signal.reason : reason;
    } finally {
      deadline.release();
      if (waiter) this.#waiters.delete(correlationId);
      if (hasSlot) this.#slots.release();
    }
  }

  /** The session ended, and its temporary queue is gone. */
  interrupt(cause: MasterSlaveError): void {
    this.#temporary.address = undefined;
    for (const waiter of [...this.#waiters.values()]) {
      if (waiter.bound) waiter.reject(interrupted(waiter.id, cause));
    }
  }

  /** Resolves when no request waits any more, or when `signal` fires. */
  empty(signal: AbortSignal): Promise<void> {
    return this.#slots.idle(signal);
  }

  /** No reply can come any more. */
  end(error: ConnectionClosedError): void {
    this.#slots.end(error);
    for (const waiter of [...this.#waiters.values()]) waiter.reject(error);
  }

  #refuseDuplicate(correlationId: string): void {
    if (this.#waiters.has(correlationId))
      throw new InvalidArgumentError(`A request with the correlation id ${correlationId} waits for its reply already`);
  }

  #await(correlationId: string, id: string, temporary: boolean): Waiter {
    this.#refuseDuplicate(correlationId);
    let settle = { resolve: (_: ReceivedMessage) => {}, reject: (_: MasterSlaveError) => {} };
    const reply = new Promise<ReceivedMessage>((resolve, reject) => {
      settle = { resolve, reject };
    });
    reply.catch(() => {});
    const waiter = { id, temporary, bound: false, reply, ...settle };
    this.#waiters.set(correlationId, waiter);
    return waiter;
  }

  #replyQueue(): Destination {
    if (!this.#readers.has("queue")) this.#read(this.#queue);
    return this.#queue;
  }

  /**
   * Resolves with the queue's address on the present session, or on the next one. Rejects when the waiter does: the
   * queue was refused, or the connection is over.
   */
  async #temporaryQueue(waiter: Waiter, signal: AbortSignal): Promise<Destination> {
    if (!this.#readers.has("temp-queue")) this.#read({ kind: "temp-queue", name: randomUUID() }, true);
    while (this.#temporary.address === undefined) {
      let tell = () => {};
      const known = new Promise<void>((resolve) => {
        tell = resolve;
      });
      this.#temporary.onceKnown.add(tell);
      try {
        await unlessAborted(signal, Promise.race([known, waiter.reply]));
      } finally {
        this.#temporary.onceKnown.delete(tell);
      }
    }
    waiter.bound = true;
    return this.#temporary.address;
  }

  #read(destination: Destination, autoSettled = false): void {
    const reader = this.#consumers.openForReplies({
      request: { destination, prefetch: PREFETCH, selector: undefined, ...(autoSettled && { autoSettled }) },
      onSubscribed: (address) => {
        if (destination.kind !== "temp-queue") return;
        this.#temporary.address = address;
        for (const tell of this.#temporary.onceKnown) tell();
      },
    });
    this.#readers.set(destination.kind, reader);
    this.#deliver(reader, autoSettled).then(
      (done) => done || this.#read(destination, true),
      (reason) => this.#failed(destination, MasterSlaveError.from(reason)),
    );
  }

  #failed({ kind }: Destination, why: MasterSlaveError): void {
    this.#readers.delete(kind);
    if (kind === "temp-queue") this.#temporary.address = undefined;
    for (const waiter of [...this.#waiters.values()]) {
      if (waiter.temporary === (kind === "temp-queue")) waiter.reject(why);
    }
  }

  /** Ignores late and unknown replies. Resolves with false if there are replies that cannot be settled. */
  async #deliver(reader: Consumer, autoSettled: boolean): Promise<boolean> {
    for await (const delivery of reader) {
      const { message, unsettleable } = delivery;
      if (message.correlationId !== undefined) this.#waiters.get(message.correlationId)?.resolve(message);
      if (unsettleable && !autoSettled) return false;
      inBackground("Accepting a reply", delivery.accept());
    }
    return true;
  }

  #sendFailure(reason: unknown, id: string, temporary: boolean): unknown {
    const gone = temporary && reason instanceof MasterSlaveError;
    if (gone && (reason instanceof NotConnectedError || reason.code === "SEND_IN_DOUBT"))
      return interrupted(id, reason);
    return reason;
  }
}

function interrupted(id: string, cause: MasterSlaveError): RequestInterruptedError {
  const text = `The temporary reply queue of the request ${id} was lost with its session before the reply came: ${cause.message}`;
  return new RequestInterruptedError(text, id, { cause, endpoint: cause.endpoint });
}
