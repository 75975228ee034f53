/** A client library as the bench uses it: connected, with one session and one destination. */

export interface BenchPeer {
  /** Sends one persistent message, and calls `done` when it is confirmed. */
  send(done: () => void): void;
  /** Consumes: reads every message's body and accepts the message individually, then calls `took`. */
  receive?(took: () => void): void;
  /** Sends a request and calls `done` with its reply. The peer also runs the responder. */
  request?(done: () => void): void;
  /**
   * For the bare sockets, which have a faster way than one send at a time. Resolves with how many sends were confirmed.
   */
  sendFor?(terms: SendTerms): Promise<number>;
}

export interface SendTerms {
  readonly window: number;
  readonly ms: number;
}

/** A peer that fails has measured nothing: its process ends with the reason. */
export function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}
