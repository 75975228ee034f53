/** What a broker says of itself when it opens a connection (AMQP 1.0, 2.7.1). */

/** The properties of the peer's open frame, symbols as strings. */
export type OpenProperties = Readonly<Record<string, unknown>>;
