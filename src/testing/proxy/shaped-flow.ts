/** One direction of one proxied connection: passes bytes from one socket to the other as the shape says. */
import type { Socket } from "node:net";
import type { EndKind, FlowShape } from "./flow-shape.ts";

/** How much may wait in the proxy before it stops reading. */
const MAX_WAITING_BYTES = 256 * 1024;
/** With a rate, a chunk is passed on in pieces of about this long. */
const PIECE_MS = 10;

export interface ShapedFlowOptions {
  readonly source: Socket;
  readonly sink: Socket;
  readonly shape: FlowShape;
  /** Swallow everything after so many bytes. */
  readonly passOnly?: number | undefined;
  /** The cut was reached and its bytes are written. */
  readonly onCut: (end: EndKind) => void;
}

interface Waiting {
  /** Undefined: the end of the stream. */
  readonly chunk: Buffer | undefined;
  readonly dueAtMs: number;
}

export class ShapedFlow {
  readonly #options: ShapedFlowOptions;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the last of what waits is due: nothing may overtake. */
  #clearAtMs = 0;
  #cut: { readonly of: NonNullable<FlowShape["cut"]>; left: number } | undefined;
  #passLeft: number;
  /** Bytes were taken out of the stream: it cannot be made whole again. */
  swallowed = false;

  constructor(options: ShapedFlowOptions) {
    this.#options = options;
    this.#passLeft = options.passOnly ?? Number.POSITIVE_INFINITY;
    const { source, sink } = options;
    source.on("data", (chunk: Buffer) => this.#receive(chunk));
    source.on("end", () => this.#receiveEnd());
    sink.on("drain", () => this.update());
    this.update();
  }

  /** The shape has changed, or there is room again. */
  update(): void {
    const { source, sink, shape } = this.#options;
    const full = sink.writableNeedDrain || this.#waitingBytes > MAX_WAITING_BYTES;
    if (shape.hold || full) source.pause();
    else source.resume();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #receive(chunk: Buffer): void {
    const passed = this.#limit(chunk);
    if (passed.length < chunk.length) this.swallowed = true;
    if (passed.length > 0) this.#schedule(passed);
  }

  #limit(chunk: Buffer): Buffer {
    const { shape } = this.#options;
    if (shape.blackHole) return chunk.subarray(0, 0);
    const passed = chunk.subarray(0, this.#passLeft);
    this.#passLeft -= passed.length;
    return passed;
  }

  #receiveEnd(): void {
    if (this.#options.shape.blackHole || this.#passLeft <= 0) this.swallowed = true;
    else this.#wait({ chunk: undefined, dueAtMs: this.#dueAt() });
  }

  #schedule(chunk: Buffer): void {
    const { bytesPerSecond } = this.#options.shape;
    if (bytesPerSecond === undefined) {
      this.#wait({ chunk, dueAtMs: this.#dueAt() });
      return;
    }
    const pieceBytes = Math.max(1, Math.floor((bytesPerSecond * PIECE_MS) / 1000));
    for (let at = 0; at < chunk.length; at += pieceBytes) {
      const piece = chunk.subarray(at, at + pieceBytes);
      this.#clearAtMs = this.#dueAt() + (piece.length / bytesPerSecond) * 1000;
      this.#wait({ chunk: piece, dueAtMs: this.#clearAtMs });
    }
  }

  #dueAt(): number {
    return Math.max(performance.now() + this.#options.shape.delayMs, this.#clearAtMs);
  }

  #wait(waiting: Waiting): void {
    this.#clearAtMs = Math.max(this.#clearAtMs, waiting.dueAtMs);
    this.#waiting.push(waiting);
    this.#waitingBytes += waiting.chunk?.length ?? 0;
    if (this.#waiting.length === 1) this.#passDue();
    this.update();
  }

  #passDue(): void {
    clearTimeout(this.#timer);
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined) break;
      const inMs = next.dueAtMs - performance.now();
      if (inMs > 0) {
        this.#timer = setTimeout(() => this.#passDue(), inMs);
        break;
      }
      this.#waiting.shift();
      this.#waitingBytes -= next.chunk?.length ?? 0;
      this.#pass(next.chunk);
    }
    this.update();
  }

  #pass(chunk: Buffer | undefined): void {
    const { sink } = this.#options;
    if (sink.destroyed || sink.writableEnded) return;
    if (chunk === undefined) sink.end();
    else if (!this.#passUpToCut(chunk)) sink.write(chunk);
  }

  /** True when the cut is reached: its bytes are on their way, then the end. */
  #passUpToCut(chunk: Buffer): boolean {
    const { shape, sink, onCut } = this.#options;
    const { cut } = shape;
    if (cut === undefined) return false;
    if (this.#cut?.of !== cut) this.#cut = { of: cut, left: cut.afterBytes };
    this.#cut.left -= chunk.length;
    if (this.#cut.left > 0) return false;
    this.end();
    sink.write(chunk.subarray(0, chunk.length + this.#cut.left), () => onCut(cut.end));
    return true;
  }
}
