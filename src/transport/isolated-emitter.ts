/** An event emitter whose listeners cannot harm each other or us: what one throws becomes a process warning. */
import { EventEmitter } from "eventemitter3";

type Listener = (...payload: unknown[]) => void;

export class IsolatedEmitter<Events extends EventEmitter.ValidEventTypes> extends EventEmitter<Events> {
  readonly #isolated = new WeakMap<object, Listener>();

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
  ): this {
    return super.off(event, listener && this.#isolate(event, listener));
  }

  override removeListener<T extends EventEmitter.EventNames<Events>>(
    event: T,
    listener?: EventEmitter.EventListener<Events, T>,
  ): this {
    return this.off(event, listener);
  }

  #isolate<T extends EventEmitter.EventNames<Events>>(
    event: T,
    listener: EventEmitter.EventListener<Events, T>,
  ): EventEmitter.EventListener<Events, T> {
    const known = this.#isolated.get(listener);
    const isolated =
      known ??
      ((...payload: unknown[]) => {
        try {
          const result: unknown = (listener as Listener)(...payload);
          if (result instanceof Promise) result.catch((reason: unknown) => warn(event, reason));
        } catch (reason) {
          warn(event, reason);
        }
      });
    this.#isolated.set(listener, isolated);
    return isolated as EventEmitter.EventListener<Events, T>;
  }
}

function warn(event: string | symbol, reason: unknown): void {
  const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  process.emitWarning(`A listener of "${String(event)}" threw: ${text}`, { code: "MASTERSLAVE_LISTENER" });
}
