/** An event emitter that isolates its listeners: what a listener throws becomes a process warning. */
import { inspect } from "node:util";
import { EventEmitter } from "eventemitter3";
import { InvalidArgumentError } from "../errors/errors.ts";
import { stackTextOf } from "../errors/text-of.ts";

type Listener = (...payload: unknown[]) => void;

export class IsolatedEmitter<Events extends EventEmitter.ValidEventTypes> extends EventEmitter<Events> {
  /** For each event, the guarded function registered in place of each listener; a guarded function maps to itself. */
  readonly #isolated = new Map<string | symbol, WeakMap<object, Listener>>();

  /**
   * JSON.stringify would throw without this as soon as a listener exists: listeners refer back to the object they
   * listen to.
   */
  toJSON(): object {
    return {};
  }

  override on<T extends EventEmitter.EventNames<Events>>(
    event: T,
    listener: EventEmitter.EventListener<Events, T>,
  ): this {
    return super.on(event, this.#isolate(event, listener));
  }

  override addListener<T extends EventEmitter.EventNames<Events>>(
    event: T,
    listener: EventEmitter.EventListener<Events, T>,
  ): this {
    return this.on(event, listener);
  }

  override once<T extends EventEmitter.EventNames<Events>>(
    event: T,
    listener: EventEmitter.EventListener<Events, T>,
  ): this {
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
