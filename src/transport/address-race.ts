/** Connecting to the first of several addresses that answers, so that a name with one dead address costs little. */
import type { LookupAddress } from "node:dns";
import { Socket } from "node:net";

/** A further address is tried when the one before has not answered for so long; the slow one stays in the race. */
const ADDRESS_STAGGER_MS = 250;

/**
 * Resolves with the first socket to connect; the others are dropped. Rejects with the first failure when all have
 * failed, or with the signal's reason; nothing stays open then.
 */
export function connectAny(addresses: readonly LookupAddress[], port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const race = new AddressRace(addresses, port, (winner, failure) => {
      signal.removeEventListener("abort", onAbort);
      if (winner) resolve(winner);
      else reject(failure);
    });
    const onAbort = () => race.finish(undefined, signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    race.tryNext();
  });
}

/** Ends a socket nobody waits for; whatever it still says is of no interest. */
export function discard(socket: Socket): void {
  socket.removeAllListeners();
  socket.on("error", () => {});
  socket.destroy();
}

class AddressRace {
  readonly #addresses: readonly LookupAddress[];
  readonly #port: number;
  readonly #finished: (winner: Socket | undefined, failure: unknown) => void;
  readonly #open = new Set<Socket>();
  #next = 0;
  #stagger: NodeJS.Timeout | undefined;
  #firstFailure: Error | undefined;

  constructor(
    addresses: readonly LookupAddress[],
    port: number,
    finished: (winner: Socket | undefined, failure: unknown) => void,
  ) {
    this.#addresses = addresses;
    this.#port = port;
    this.#finished = finished;
  }

  tryNext(): void {
    clearTimeout(this.#stagger);
    const address = this.#addresses[this.#next++];
    if (address) this.#connect(address);
    else if (this.#open.size === 0) this.finish(undefined, this.#firstFailure ?? new Error("the name has no address"));
  }

  #connect({ address }: LookupAddress): void {
    const socket = new Socket();
    this.#open.add(socket);
    socket.once("error", (error) => {
      this.#firstFailure ??= error;
      this.#open.delete(socket);
      discard(socket);
      this.tryNext();
    });
    socket.once("connect", () => {
      socket.removeAllListeners();
      this.finish(socket, undefined);
    });
    this.#stagger = setTimeout(() => this.tryNext(), ADDRESS_STAGGER_MS);
    socket.connect({ host: address, port: this.#port });
  }

  finish(winner: Socket | undefined, failure: unknown): void {
    clearTimeout(this.#stagger);
    for (const socket of this.#open) if (socket !== winner) discard(socket);
    this.#open.clear();
    this.#finished(winner, failure);
  }
}
