/** How many more messages a link may take: with `until: { messages: N }` there are N places. */
import { Gate } from "./gate.ts";

export class Places {
  readonly #gate = new Gate();
  #left: number;
  #closed = false;

  constructor(count: number) {
    this.#left = count;
  }

  get areTaken(): boolean {
    return this.#left <= 0;
  }

  /** Resolves when there is a place, or when they are closed. */
  free(): Promise<void> {
    return this.#gate.passed();
  }

  /** Takes a place as soon as there is one; resolves with false when they are closed. */
  async take(): Promise<boolean> {
    do await this.free();
    while (this.areTaken && !this.#closed);
    if (this.#closed) return false;
    this.#add(-1);
    return true;
  }

  /** Gives back the places of messages that the source delivers again: they take places again then. */
  giveBack(count: number): void {
    this.#add(count);
  }

  /** Ends all waits; no place is given any more. */
  close(): void {
    this.#closed = true;
    this.#gate.clear();
  }

  #add(count: number): void {
    this.#left += count;
    if (this.areTaken) this.#gate.shut("no place");
    else this.#gate.open("no place");
  }
}
