/**
 * Notices a frame that will never be finished: one whose content-length promises more than the peer will send. What the peer
 * says meanwhile, heart-beats and receipts, is taken for its body, and every answer that it waits for is lost in it.
 */

/** How often the frame is looked at. */
const LOOK_MS = 2_500;
/** A body that is on its way brings more than this between two looks; heart-beats and receipts do not. */
const TRICKLE_BYTES = 1024;
/** So long may a body bring nothing but a trickle. A trickle proves that the peer and the path to it are well. */
const TRICKLE_LIMIT_MS = 10_000;
/** So long may it bring nothing at all: a peer that stops has its own limit, by heart-beats. */
const SILENCE_LIMIT_MS = 60_000;

interface Watched {
  readonly frame: object;
  /** How many bytes had come at the last look. */
  bytes: number;
  /** Since when it has brought no more than a trickle. */
  sinceMs: number;
  trickled: boolean;
}

export class FrameWatch {
  readonly #onStuck: () => void;
  #bytes = 0;
  #frame: object | undefined;
  #watched: Watched | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `onStuck` is called once. */
  constructor(onStuck: () => void) {
    this.#onStuck = onStuck;
  }

  /** A chunk of so many bytes was read. `unfinished`: the frame whose body has not come whole, an object of its own. */
  read(bytes: number, unfinished: object | undefined): void {
    this.#bytes += bytes;
    this.#frame = unfinished;
    if (unfinished !== undefined && this.#timer === undefined) this.#begin(unfinished);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#frame = undefined;
  }

  #begin(frame: object): void {
    this.#watched = { frame, bytes: this.#bytes, sinceMs: performance.now(), trickled: false };
    this.#lookLater();
  }

  #lookLater(): void {
    // What has come while our own loop was blocked is read first.
    this.#timer = setTimeout(() => setImmediate(() => this.#look()), LOOK_MS);
  }

  #look(): void {
    const [frame, watched] = [this.#frame, this.#watched];
    this.#timer = undefined;
    if (frame === undefined || watched === undefined) return;
    const came = this.#bytes - watched.bytes;
    if (frame !== watched.frame || came > TRICKLE_BYTES) {
      this.#begin(frame);
      return;
    }
    watched.bytes = this.#bytes;
    watched.trickled ||= came > 0;
    const limitMs = watched.trickled ? TRICKLE_LIMIT_MS : SILENCE_LIMIT_MS;
    if (performance.now() - watched.sinceMs >= limitMs) this.#onStuck();
    else this.#lookLater();
  }
}
