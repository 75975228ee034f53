/** A connected socket without a network: what is fed comes out, and what is written is looked at and gone. */
import type { Socket } from "node:net";
import { Duplex } from "node:stream";

export class MemorySocket extends Duplex {
  bytesRead = 0;
  bytesWritten = 0;
  readonly #onWrite: (bytes: Buffer) => void;

  constructor(onWrite: (bytes: Buffer) => void = () => {}) {
    super();
    this.#onWrite = onWrite;
    this.on("error", () => {});
  }

  /** As what an endpoint socket is made of. */
  asSocket(): Socket {
    return this as unknown as Socket;
  }

  /** What the peer says. */
  feed(bytes: Buffer): void {
    if (this.destroyed || this.readableEnded) return;
    this.bytesRead += bytes.length;
    this.push(bytes);
  }

  /** The peer's FIN. */
  feedEnd(): void {
    if (!this.destroyed) this.push(null);
  }

  /** The peer's RST. */
  feedReset(): void {
    this.destroy(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" }));
  }

  setNoDelay(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.bytesWritten += chunk.length;
    this.#onWrite(chunk);
    done();
  }

  /** The peer answers our FIN with its own. */
  override _final(done: () => void): void {
    done();
    if (!this.destroyed) this.push(null);
  }
}
