/**
 * Tries several addresses of one name. The next address is tried when the one before has failed or stayed silent; only
 * one speaks at a time unless it stays silent; the first result wins.
 */
import { SpeakingTurns } from "./speaking-turns.ts";

/** How long an address may stay silent, connecting or in a handshake, before the next is tried (RFC 8305, 5). */
const ADDRESS_STAGGER_MS = 250;

/** One address of the race. */
export interface Lane {
  readonly address: string;
  /** Fires when the race is over and another address has won: leave nothing open then. */
  readonly signal: AbortSignal;
  /** The address has answered something: the next address waits another stagger from now. */
  progress(): void;
  /** The address waits for us, not we for it: meanwhile the next address is not tried. */
  hold(): void;
  /** Resolves when this address may speak: when the earlier ones have failed or been silent for a stagger. */
  turn(): Promise<void>;
}

interface Race<T> {
  /** Tries one address; called at most once for each, in order. */
  readonly attempt: (lane: Lane) => Promise<T>;
  /** Whether the other addresses are worth trying after this failure. */
  readonly goesOn: (failure: unknown) => boolean;
  readonly signal: AbortSignal;
  /** Makes the error for when every address has failed; the failures are in the order of the addresses. */
  readonly allFailed: (failures: ReadonlyMap<string, unknown>) => unknown;
}

/**
 * Resolves with the first result. Rejects when all have failed, with a failure that ends the race, or with the signal's
 * reason; by then the signals of all other lanes have fired.
 */
export function raceAddresses<T>(addresses: readonly string[], race: Race<T>): Promise<T> {
  const { signal } = race;
  return new Promise<T>((resolve, reject) => {
    signal.throwIfAborted();
    const running = new AddressRace(addresses, race, (outcome) => {
      signal.removeEventListener("abort", onAbort);
      if ("result" in outcome) resolve(outcome.result);
      else reject(outcome.failure);
    });
    const onAbort = () => running.end({ failure: signal.reason });
    signal.addEventListener("abort", onAbort, { once: true });
    running.tryNext();
  });
}

type Outcome<T> = { readonly result: T } | { readonly failure: unknown };

class AddressRace<T> {
  readonly #addresses: readonly string[];
  readonly #race: Race<T>;
  readonly #ended: (outcome: Outcome<T>) => void;
  readonly #turns = new SpeakingTurns(ADDRESS_STAGGER_MS);
  readonly #open = new Map<Lane, AbortController>();
  readonly #failures = new Map<string, unknown>();
  #next = 0;
  #over = false;
  #stagger: NodeJS.Timeout | undefined;

  constructor(addresses: readonly string[], race: Race<T>, ended: (outcome: Outcome<T>) => void) {
    this.#addresses = addresses;
    this.#race = race;
    this.#ended = ended;
  }

  tryNext(): void {
    clearTimeout(this.#stagger);
    const address = this.#addresses[this.#next++];
    if (address !== undefined) this.#start(address);
    else if (this.#open.size === 0) this.end({ failure: this.#allFailed() });
  }

  #start(address: string): void {
    const controller = new AbortController();
    const lane: Lane = {
      address,
      signal: controller.signal,
      progress: () => this.#rearm(),
      hold: () => clearTimeout(this.#stagger),
      turn: async () => {
        await this.#turns.take(lane);
        this.#rearm();
      },
    };
    this.#open.set(lane, controller);
    this.#rearm();
    this.#race.attempt(lane).then(
      (result) => {
        this.#open.delete(lane);
        this.end({ result });
      },
      (failure: unknown) => this.#fail(lane, failure),
    );
  }

  #fail(lane: Lane, failure: unknown): void {
    if (this.#over) return;
    this.#open.delete(lane);
    this.#failures.set(lane.address, failure);
    this.#turns.leave(lane);
    if (!this.#race.goesOn(failure)) this.end({ failure });
    // An address that was overtaken already delays nobody.
    else if (lane.address === this.#addresses[this.#next - 1] || this.#open.size === 0) this.tryNext();
  }

  #rearm(): void {
    clearTimeout(this.#stagger);
    if (!this.#over && this.#next < this.#addresses.length) {
      this.#stagger = setTimeout(() => this.tryNext(), ADDRESS_STAGGER_MS);
    }
  }

  #allFailed(): unknown {
    return this.#race.allFailed(new Map(this.#addresses.map((address) => [address, this.#failures.get(address)])));
  }

  /** Idempotent. */
  end(outcome: Outcome<T>): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#stagger);
    this.#turns.end();
    for (const controller of this.#open.values()) controller.abort();
    this.#ended(outcome);
  }
}
