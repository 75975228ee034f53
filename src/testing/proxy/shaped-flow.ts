/** One direction of one proxied connection: passes bytes from one socket to the other as the shape says. */
import type { Socket } from "node:net";
import type { EndKind, FlowShape } from "./flow-shape.ts";

/** How many bytes may wait in the proxy before it stops reading. */
const MAX_WAITING_BYTES = 256 * 1024;
/** With a rate, a chunk is passed on in pieces of about this duration. */
const PIECE_MS = 10;

export interface ShapedFlowOptions {
  readonly source: Socket;
  readonly sink: Socket;
  readonly shape: FlowShape;
  /** Swallow everything after this many bytes. */
  readonly passOnly?: number | undefined;
  /** The cut was reached and its bytes are written. */
  readonly onCut: (end: EndKind) => void;
}

interface Waiting {
  /** undefined for the end of the stream. */
  readonly chunk: Buffer | undefined;
  readonly arrivedAtMs: number;
}

/** The bytes to write next, and when they are due. */
interface Piece {
  readonly bytes: Buffer | undefined;
  readonly rest: Buffer | undefined;
  readonly dueAtMs: number;
}

export class ShapedFlow {
  readonly #options: ShapedFlowOptions;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the last piece slowed down by a rate is through: the next one starts after that. */
  #lineFreeAtMs = 0;
  #cut: { readonly of: NonNullable<FlowShape["cut"]>; left: number } | undefined;
  #passLeft: number;
  /** Whether bytes were removed from the stream, which cannot be repaired. */
  swallowed = false;

  constructor(options: ShapedFlowOptions) {
    this.#options = options;
    this.#passLeft = options.passOnly ?? Number.POSITIVE_INFINITY;
    const { source, sink } = options;
    source.on("data", (chunk: Buffer) => this.#receive(chunk));
    source.on("end", () => this.#receiveEnd());
    sink.on("drain", () => this.#readOrPause());
    this.#readOrPause();
  }

  /** Applies a changed shape, to the waiting bytes too. */
  update(): void {
    this.#passDue();
  }

  #readOrPause(): void {
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
    if (passed.length > 0) this.#wait(passed);
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
    else this.#wait(undefined);
  }

  #wait(chunk: Buffer | undefined): void {
    this.#waiting.push({ chunk, arrivedAtMs: performance.now() });
    this.#waitingBytes += chunk?.length ?? 0;
    if (this.#waiting.length === 1) this.#passDue();
    else this.#readOrPause();
  }

  /** Passes on what is due by the present shape, and continues when the next piece is due. */
  #passDue(): void {
    clearTimeout(this.#timer);
    for (let piece = this.#nextPiece(); piece !== undefined; piece = this.#nextPiece()) {
      const inMs = piece.dueAtMs - performance.now();
      if (inMs > 0) {
        this.#timer = setTimeout(() => this.#passDue(), inMs);
        break;
      }
      this.#take(piece);
      this.#pass(piece.bytes);
    }
    this.#readOrPause();
  }

  #nextPiece(): Piece | undefined {
    const [next] = this.#waiting;
    if (next === undefined) return undefined;
    const { bytesPerSecond, delayMs } = this.#options.shape;
    const dueAtMs = next.arrivedAtMs + delayMs;
    if (bytesPerSecond === undefined || next.chunk === undefined)
      return { bytes: next.chunk, rest: undefined, dueAtMs };
    const pieceBytes = Math.max(1, Math.floor((bytesPerSecond * PIECE_MS) / 1000));
    const bytes = next.chunk.subarray(0, pieceBytes);
    const rest = next.chunk.length > pieceBytes ? next.chunk.subarray(pieceBytes) : undefined;
    const startMs = Math.max(dueAtMs, this.#lineFreeAtMs);
    return { bytes, rest, dueAtMs: startMs + (bytes.length / bytesPerSecond) * 1000 };
  }

  #take({ bytes, rest, dueAtMs }: Piece): void {
    const [next] = this.#waiting;
    if (rest === undefined || next === undefined) this.#waiting.shift();
    else this.#waiting[0] = { chunk: rest, arrivedAtMs: next.arrivedAtMs };
    this.#waitingBytes -= bytes?.length ?? 0;
    this.#lineFreeAtMs = dueAtMs;
  }

  #pass(chunk: Buffer | undefined): void {
    const { sink } = this.#options;
    if (sink.destroyed || sink.writableEnded) return;
    if (chunk === undefined) sink.end();
    else if (!this.#passUpToCut(chunk)) sink.write(chunk);
  }

  /** Returns true when the cut is reached: its bytes are on their way, and the end follows. */
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
