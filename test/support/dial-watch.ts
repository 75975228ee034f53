/**
 * Counts the dials of many clients in this process. Each dial is attributed to the client in whose context it is made.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { Socket } from "node:net";

const BUCKET_MS = 100;

export interface DialCounts {
  readonly dials: number;
  /** How many dials connected to the watched port. */
  readonly connects: number;
  /** Connects to the watched port in each 100 ms since the epoch, as [bucket, count]. */
  readonly buckets: readonly (readonly [number, number])[];
  /** Connects to the watched port by a client that already had an open connection. */
  readonly twice: number;
}

export class DialWatch {
  readonly #client = new AsyncLocalStorage<number>();
  readonly #port: number;
  readonly #open = new Map<number, Set<Socket>>();
  readonly #buckets = new Map<number, number>();
  #dials = 0;
  #twice = 0;
  readonly #connect = Socket.prototype.connect;

  /** Counts until end(). It wraps the lowest level of net, so every dial of this process is counted. */
  constructor(port: number) {
    this.#port = port;
    const note = (socket: Socket) => this.#note(socket);
    const connect = this.#connect as (this: Socket, ...args: unknown[]) => Socket;
    Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
      note(this);
      return connect.apply(this, args);
    };
  }

  /** Attributes every dial that `act` causes, also from timers, to this client. */
  in<T>(client: number, act: () => T): T {
    return this.#client.run(client, act);
  }

  get counts(): DialCounts {
    const buckets = [...this.#buckets];
    const connects = buckets.reduce((sum, [, count]) => sum + count, 0);
    return { dials: this.#dials, connects, buckets, twice: this.#twice };
  }

  /** Resets the counts; connections that are open stay known. */
  reset(): void {
    this.#buckets.clear();
    this.#dials = 0;
    this.#twice = 0;
  }

  end(): void {
    Socket.prototype.connect = this.#connect;
  }

  #note(socket: Socket): void {
    const client = this.#client.getStore();
    if (client === undefined) return;
    this.#dials += 1;
    socket.once("connect", () => {
      if (socket.remotePort !== this.#port) return;
      const bucket = Math.floor(Date.now() / BUCKET_MS);
      this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
      const open = this.#open.get(client) ?? new Set();
      this.#open.set(client, open);
      // A socket that was destroyed in this turn of the event loop reports it only at the turn's end.
      if ([...open].some(({ destroyed }) => !destroyed)) this.#twice += 1;
      open.add(socket);
      socket.once("close", () => open.delete(socket));
    });
  }
}
