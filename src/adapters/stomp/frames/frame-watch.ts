/**
 * Detects a frame that will never be complete because its content-length promises more than the peer will send. What
 * the peer sends meanwhile, such as heart-beats and receipts, is taken for the body, and the answers in it are lost.
 */

/** How often the frame is checked. */
const LOOK_MS = 2_500;
/** A body on its way brings more than this between two checks; heart-beats and receipts do not. */
const TRICKLE_BYTES = 1024;
/** How long a body may bring only a trickle. A trickle shows that the peer and the path are alive. */
const TRICKLE_LIMIT_MS = 10_000;
/** How long a body may bring nothing at all: a peer that stops is found by heart-beats instead. */
const SILENCE_LIMIT_MS = 60_000;

interface Watched {
  readonly frame: object;
  /** The number of bytes at the last check. */
  bytes: number;
  /** Since when the body has brought no more than a trickle. */
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

  /** Notes a chunk of `bytes`. `unfinished` identifies the frame whose body is incomplete, as an object of its own. */
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
    // Data that came while our event loop was blocked is read first.
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
