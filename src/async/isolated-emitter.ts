/** An event emitter whose listeners cannot harm each other or us: what one throws becomes a process warning. */
import { inspect } from "node:util";
import { EventEmitter } from "eventemitter3";
import { InvalidArgumentError } from "../errors/errors.ts";
import { stackTextOf } from "../errors/text-of.ts";

type Listener = (...payload: unknown[]) => void;

export class IsolatedEmitter<Events extends EventEmitter.ValidEventTypes> extends EventEmitter<Events> {
  /** By event, what stands for a caller's listener; what stands for one stands for itself too. */
  readonly #isolated = new Map<string | symbol, WeakMap<object, Listener>>();

  /** Without it JSON.stringify throws as soon as somebody listens: listeners refer to what they are attached to. */
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

  /** eventemitter3 calls this too, with what stands for a `once` listener, when that listener's time has come. */
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

/** The same listener, except that what it throws or rejects with becomes a process warning. */
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
