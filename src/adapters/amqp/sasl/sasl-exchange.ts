/** Our side of one SASL mechanism in a login: its first response, and its answers to challenges. */

export interface SaslExchange {
  /** The initial response. */
  start(): Promise<Buffer>;
  /** The response to a challenge. */
  step(challenge: Buffer): Promise<Buffer>;
  /** Handles success from the server. @throws if the server has not proved itself. */
  accept(additional: Buffer | undefined): void;
  /** The reason for a refusal that the server gave in a challenge. */
  readonly reason?: string | undefined;
}
