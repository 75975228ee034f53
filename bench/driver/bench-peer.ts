/** A client library as the bench sees it: connected, one session, one destination. */

export interface BenchPeer {
  /** Sends one message, persistent; `done` when it is confirmed. */
  send(done: () => void): void;
  /** Consumes; every message's body is read and the message accepted by itself, then `took` is called. */
  receive?(took: () => void): void;
  /** Sends a request and calls `done` with its reply; the responder is the peer's own. */
  request?(done: () => void): void;
  /** For the bare sockets, which know better than one at a time: resolves with how many were confirmed. */
  sendFor?(terms: SendTerms): Promise<number>;
}

export interface SendTerms {
  readonly window: number;
  readonly ms: number;
}

/** A peer that fails has measured nothing: the process ends with the reason. */
export function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}
