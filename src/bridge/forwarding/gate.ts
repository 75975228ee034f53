/** A gate that is shut for named reasons, and open when there is none. */

export class Gate {
  readonly #reasons = new Set<string>();
  readonly #waiting: (() => void)[] = [];
  #over = false;

  get isOpen(): boolean {
    return this.#reasons.size === 0;
  }

  /** Resolves when the gate is open. At most one caller per consumer waits. */
  async passed(): Promise<void> {
    while (!this.isOpen) await new Promise<void>((go) => this.#waiting.push(go));
  }

  shut(reason: string): void {
    if (!this.#over) this.#reasons.add(reason);
  }

  open(reason: string): void {
    this.#reasons.delete(reason);
    if (this.isOpen) for (const go of this.#waiting.splice(0)) go();
  }

  /** Opens it for good. */
  clear(): void {
    this.#over = true;
    this.#reasons.clear();
    for (const go of this.#waiting.splice(0)) go();
  }
}
