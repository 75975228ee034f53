/** An event emitter that isolates its listeners: what a listener throws becomes a process warning. */
import { inspect } from "node:util";
import { EventEmitter } from "eventemitter3";
import { InvalidArgumentError } from "../errors/errors.ts";
import { nearestName } from "../errors/nearest-name.ts";
import { stackTextOf } from "../errors/text-of.ts";

type Listener = (...payload: unknown[]) => void;

/** The events of one kind of emitter, for the error that a listener to an unknown event gets. */
export interface EmitterDescription<Events extends object> {
  /** A noun with its article for the emitter, such as "a connection". */
  readonly what: string;
  /** The name of every event. */
  readonly events: { readonly [Name in keyof Events]: true };
  /** The names of the events that report failures, as a listener to "error" is told. */
  readonly insteadOfError: string;
}

/** Called for each event before its listeners, also when there are none. Must not throw. */
export type OnEmit<Events extends EventEmitter.ValidEventTypes> = <T extends EventEmitter.EventNames<Events>>(
  event: T,
  payload: EventEmitter.EventArgs<Events, T>,
) => void;

/** Finds the module node:events in a line of a stack trace. */
const NODE_EVENTS = /\bnode:events\b/;

export class IsolatedEmitter<Events extends EventEmitter.ValidEventTypes> extends EventEmitter<Events> {
  /** For each event, the guarded function registered in place of each listener; a guarded function maps to itself. */
  readonly #isolated = new Map<string | symbol, WeakMap<object, Listener>>();
  readonly #description: EmitterDescription<Events & object>;
  readonly #onEmit: OnEmit<Events> | undefined;
  /** Whether the warning that there is no event "error" was raised. */
  #toldOfError = false;

  constructor(description: EmitterDescription<Events & object>, onEmit?: OnEmit<Events>) {
    super();
    this.#description = description;
    this.#onEmit = onEmit;
  }

  /**
   * JSON.stringify would throw without this as soon as a listener exists: listeners refer back to the object they
   * listen to.
   */
  toJSON(): object {
    return {};
  }

  /** Calls the listeners of an event; returns whether there were any. Each is told even if another one throws. */
  override emit<T extends EventEmitter.EventNames<Events>>(
    event: T,
    ...payload: EventEmitter.EventArgs<Events, T>
  ): boolean {
    this.#onEmit?.(event, payload);
    return super.emit(event, ...payload);
  }

  /** Adds a listener. @throws INVALID_ARGUMENT for an event that there is not. */
  override on<T extends EventEmitter.EventNames<Events>>(
    event: T,
    listener: EventEmitter.EventListener<Events, T>,
  ): this {
    this.#check(event, this.on);
    return super.on(event, this.#isolate(event, listener));
  }

  override addListener<T extends EventEmitter.EventNames<Events>>(
    event: T,
    listener: EventEmitter.EventListener<Events, T>,
  ): this {
    this.#check(event, this.addListener);
    return super.on(event, this.#isolate(event, listener));
  }

  override once<T extends EventEmitter.EventNames<Events>>(
    event: T,
    listener: EventEmitter.EventListener<Events, T>,
  ): this {
    this.#check(event, this.once);
    return super.once(event, this.#isolate(event, listener));
  }

  override off<T extends EventEmitter.EventNames<Events>>(
    event: T,
    listener?: EventEmitter.EventListener<Events, T>,
    context?: unknown,
    onceOnly?: boolean,
  ): this {
    return super.off(event, listener && this.#isolate(event, listener), context, onceOnly);
  }

  /** eventemitter3 also calls this, with the guarded function, when a `once` listener has fired. */
  override removeListener<T extends EventEmitter.EventNames<Events>>(
    event: T,
    listener?: EventEmitter.EventListener<Events, T>,
    context?: unknown,
    onceOnly?: boolean,
  ): this {
    return this.off(event, listener, context, onceOnly);
  }

  /** `method` is the method that the caller called. */
  #check(event: string | symbol | number, method: (...args: never[]) => unknown): void {
    if (Object.hasOwn(this.#description.events, event)) return;
    if (event !== "error") throw this.#unknown(event);
    if (!this.#toldOfError && !calledFromNodeEvents(method)) this.#answerError();
  }

  #unknown(event: string | symbol | number): InvalidArgumentError {
    const { events, what } = this.#description;
    const names = Object.keys(events).sort();
    const nearest = nearestName(String(event), names);
    const meant = nearest ? `did you mean "${nearest}"? ` : "";
    const text = `There is no event ${inspect(event)} of ${what}: ${meant}The events are ${names.join(", ")}`;
    return new InvalidArgumentError(text);
  }

  /**
   * Warns of a listener to "error". It is not refused, because events.once() and events.on() of Node add one by
   * themselves.
   */
  #answerError(): void {
    this.#toldOfError = true;
    const { what, insteadOfError } = this.#description;
    const text = `A listener of "error" of ${what} is never called, for there is no such event: listen to ${insteadOfError}`;
    process.emitWarning(text, { code: "MASTERSLAVE_NO_ERROR_EVENT" });
  }

  #isolate<T extends EventEmitter.EventNames<Events>>(
    event: T,
    listener: EventEmitter.EventListener<Events, T>,
  ): EventEmitter.EventListener<Events, T> {
    if (typeof listener !== "function")
      throw new InvalidArgumentError(`A listener of "${String(event)}" is a function, not ${inspect(listener)}`);
    const known = this.#isolated.get(event) ?? new WeakMap<object, Listener>();
    this.#isolated.set(event, known);
    const isolated = known.get(listener) ?? guarded(event, listener as Listener);
    known.set(listener, isolated);
    known.set(isolated, isolated);
    return isolated as EventEmitter.EventListener<Events, T>;
  }
}

/** Whether `method` was called by node:events itself. Without a stack trace it was not. */
function calledFromNodeEvents(method: (...args: never[]) => unknown): boolean {
  const trace: { readonly stack?: unknown } = {};
  Error.captureStackTrace(trace, method);
  const [, caller = ""] = typeof trace.stack === "string" ? trace.stack.split("\n") : [];
  return NODE_EVENTS.test(caller);
}

/** Wraps a listener: what it throws or rejects with becomes a process warning. */
export function guarded<Payload extends unknown[]>(
  event: string | symbol,
  listener: (...payload: Payload) => unknown,
): (...payload: Payload) => void {
  return (...payload) => {
    try {
      const result = listener(...payload);
      if (result instanceof Promise) result.catch((reason: unknown) => warn(event, reason));
    } catch (reason) {
      warn(event, reason);
    }
  };
}

function warn(event: string | symbol, reason: unknown): void {
  process.emitWarning(`A listener of "${String(event)}" threw: ${stackTextOf(reason)}`, {
    code: "MASTERSLAVE_LISTENER",
  });
}
