/** The part of a SASL mechanism in a login: what it says first, and what it answers. */

export interface SaslExchange {
  /** The initial response. */
  start(): Promise<Buffer>;
  /** The response to a challenge. */
  step(challenge: Buffer): Promise<Buffer>;
  /** The server says that we are in. @throws where it still owes us something. */
  accept(additional: Buffer | undefined): void;
  /** What the server said in a challenge of why it refuses. */
  readonly reason?: string | undefined;
}
