/**
 * The one socket that all bytes of a session pass through. It is a connected Duplex that joins the small writes of one
 * turn of the event loop into one, checks that the peer is alive, and ends its readers when it is destroyed.
 */
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { LONGEST_TIMER_MS } from "../../async/timer-limit.ts";
import { formatAddress, MasterSlaveError, SessionLostError } from "../../errors/errors.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import { AcknowledgementWatch } from "./acknowledgement-watch.ts";
import { type SocketTable, type Stall, SYSTEM_TABLE } from "./tcp-retransmissions.ts";
import { WriteGatherer } from "./write-gatherer.ts";

/** Enough bytes to recognise the peer's protocol. */
const FIRST_BYTES = 32;

/**
 * Ends as a Node socket does: 'end' and then 'close' when the peer has closed and everything was read; 'error'
 * (SessionLostError: SESSION_LOST, or HEARTBEAT_LOST from watchPeer) and then 'close' when the connection broke.
 */
export class EndpointSocket extends Duplex {
  /** The endpoint that was dialled. */
  readonly endpoint: Endpoint;
  /** The first bytes that the peer sent, at most 32; see describePeer. */
  firstBytes: Buffer = Buffer.alloc(0);
  /** rhea reads this field of any socket that it is given. */
  readonly encrypted: boolean;
  /** Whether the peer's certificate was verified; false over plain TCP. */
  readonly authorized: boolean;
  readonly #inner: Socket | TLSSocket;
  readonly #outgoing: WriteGatherer;
  readonly #incoming = {
    paused: false,
    ended: false,
    lastReadAt: performance.now(),
  };
  #watch: NodeJS.Timeout | undefined;
  #acknowledgements: AcknowledgementWatch | undefined;

  /** `inner` is connected, its TLS handshake is done, and it has no other listeners. */
  constructor(inner: Socket | TLSSocket, endpoint: Endpoint) {
    super({ allowHalfOpen: false });
    this.#inner = inner;
    this.endpoint = endpoint;
    this.encrypted = "encrypted" in inner;
    this.authorized = "authorized" in inner && inner.authorized;
    this.#outgoing = new WriteGatherer((chunk) => {
      if (!inner.destroyed) inner.write(chunk);
    });
    inner.setNoDelay(true);
    // Without a listener, an error before or after the library listens would be thrown from the event loop.
    this.on("error", () => {});
    inner.on("data", (chunk: Buffer) => this.#receive(chunk));
    inner.on("end", () => this.#receiveEnd());
    inner.on("error", (cause) => this.destroy(this.#lost(cause)));
    inner.on("close", () => {
      // After the peer's FIN the reader may still read what came before it; 'end' and 'close' follow by themselves.
      if (!this.#incoming.ended) this.destroy(this.#lost(undefined));
    });
  }

  /** Bytes received, after TLS decryption. */
  get bytesRead(): number {
    return this.#inner.bytesRead;
  }

  /** Bytes passed to the socket, before TLS encryption. */
  get bytesWritten(): number {
    return this.#inner.bytesWritten;
  }

  /** Nagle's algorithm is always off already; rhea calls this method. */
  setNoDelay(): this {
    return this;
  }

  /** The peer's certificate, as Node's TLS sockets give it; empty over plain TCP. */
  getPeerCertificate(): unknown {
    return "getPeerCertificate" in this.#inner ? this.#inner.getPeerCertificate() : undefined;
  }

  /**
   * Destroys this socket with HEARTBEAT_LOST when the peer sends nothing for `silenceLimitMs`. A blocked event loop
   * does not count as silence: bytes that wait in the kernel are read first, for one turn of the loop.
   */
  watchPeer(silenceLimitMs: number): void {
    clearTimeout(this.#watch);
    if (this.destroyed) return;
    const { lastReadAt } = this.#incoming;
    const dueInMs = lastReadAt + silenceLimitMs - performance.now();
    // A peer may have promised a heart-beat every 49 days.
    const waitMs = Math.min(Math.max(1, Math.ceil(dueInMs)), LONGEST_TIMER_MS);
    this.#watch = setTimeout(() => this.#checkPeer(silenceLimitMs), waitMs);
  }

  /**
   * Destroys this socket with HEARTBEAT_LOST when the peer's system acknowledges nothing of what is written for
   * `limitMs`, even if the peer still sends. A peer that only stops reading is not affected: its system still
   * acknowledges. It works only if `table` is available, that is on Linux; elsewhere it does nothing.
   */
  watchAcknowledgements(limitMs: number, table: SocketTable | undefined = SYSTEM_TABLE): void {
    this.#acknowledgements?.end();
    if (this.destroyed || table === undefined) return;
    const limit = Math.min(limitMs, LONGEST_TIMER_MS);
    this.#acknowledgements = new AcknowledgementWatch(this.#inner, limit, table, (stall) => this.#stalled(stall));
  }

  #stalled({ forMs, retransmissions }: Stall): void {
    const where = formatAddress(this.endpoint);
    const text = `${where} acknowledged nothing of what was sent to it for ${forMs} ms, sent again ${retransmissions} times: the path to it is broken, although it can still be heard`;
    this.destroy(new SessionLostError("HEARTBEAT_LOST", text, { endpoint: this.endpoint }));
  }

  #checkPeer(silenceLimitMs: number): void {
    const rewatch = () => this.#rewatch(silenceLimitMs);
    const silent = () => !this.#incoming.paused && performance.now() - this.#incoming.lastReadAt >= silenceLimitMs;
    if (!silent()) {
      rewatch();
      return;
    }
    setImmediate(() => {
      if (this.destroyed || !silent()) {
        rewatch();
        return;
      }
      const where = formatAddress(this.endpoint);
      const text = `${where} sent nothing, not even a heart-beat, for ${Math.round(silenceLimitMs)} ms`;
      this.destroy(new SessionLostError("HEARTBEAT_LOST", text, { endpoint: this.endpoint }));
    });
  }

  #rewatch(silenceLimitMs: number): void {
    // While we pause reading ourselves, silence proves nothing.
    if (this.#incoming.paused) this.#incoming.lastReadAt = performance.now();
    this.watchPeer(silenceLimitMs);
  }

  /**
   * Like write(), without the cost of a stream for each piece: for callers that write thousands of small pieces in a
   * turn. The order with write() is kept. Data given after the end or after destroy() is dropped.
   */
  gather(piece: string | Buffer): void {
    if (this.destroyed || this.writableEnded) return;
    if (typeof piece === "string") this.#outgoing.addText(piece);
    else this.#outgoing.add(piece);
  }

  /**
   * Writes `filler` at the end of this turn if nothing else is written: any write acknowledges what the peer has sent.
   */
  acknowledge(filler: Buffer): void {
    if (!this.destroyed && !this.writableEnded) this.#outgoing.addFiller(filler);
  }

  /** Called by Node's streams. */
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#outgoing.add(chunk);
    // Done at once, because the gatherer has the bytes. The layers above bound what is unconfirmed.
    done();
  }

  /** Called by Node's streams. */
  override _final(done: (error?: Error | null) => void): void {
    this.#outgoing.flush();
    this.#outgoing.clear();
    this.#inner.end(() => done());
  }

  /** Called by Node's streams. */
  override _read(): void {
    if (!this.#incoming.paused) return;
    this.#incoming.paused = false;
    this.#incoming.lastReadAt = performance.now();
    this.#inner.resume();
  }

  #receive(chunk: Buffer): void {
    this.#incoming.lastReadAt = performance.now();
    if (this.firstBytes.length < FIRST_BYTES) {
      this.firstBytes = Buffer.concat([this.firstBytes, chunk.subarray(0, FIRST_BYTES - this.firstBytes.length)]);
    }
    if (this.destroyed || this.push(chunk)) return;
    this.#incoming.paused = true;
    this.#inner.pause();
  }

  #receiveEnd(): void {
    this.#incoming.ended = true;
    this.push(null);
  }

  /** Ends everything at once: the timer, the inner socket and, through the 'error' event, the library on top. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#watch);
    this.#acknowledgements?.end();
    this.#outgoing.clear();
    if (isHeartbeatLost(error) && !this.encrypted && !isFinPending(this.#inner)) this.#inner.resetAndDestroy();
    else this.#inner.destroy();
    done(error);
  }

  #lost(cause: Error | undefined): MasterSlaveError {
    if (cause instanceof MasterSlaveError) return cause;
    const where = formatAddress(this.endpoint);
    const text = cause ? `The connection to ${where} broke: ${cause.message}` : `${where} closed the connection`;
    return new SessionLostError("SESSION_LOST", text, { endpoint: this.endpoint, cause });
  }
}

/**
 * Whether a FIN was requested but not sent yet. libuv's uv_tcp_close_reset() then fails with EINVAL, and Node 20 and 24
 * keep the handle: 'close' never comes, and the process spins at exit.
 */
function isFinPending(inner: Socket): boolean {
  return inner.writableEnded && !inner.writableFinished;
}

/**
 * A peer that was given up for dead gets a reset, in case it lives: an orderly end would wait behind unacknowledged
 * bytes, and until it arrives the broker would keep serving the lost session beside the next one.
 */
function isHeartbeatLost(error: Error | null): boolean {
  return error instanceof MasterSlaveError && error.code === "HEARTBEAT_LOST";
}
