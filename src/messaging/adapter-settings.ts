/** What a protocol adapter is told once, for all the attempts it will make. */
import type { TlsOptions } from "../transport/dial.ts";
import type { Credentials, Endpoint } from "../uri/endpoint.ts";

export interface AdapterSettings {
  /** Asked on every attempt; undefined logs in as nobody. A throw is a failed attempt (CREDENTIALS_UNAVAILABLE, `next`). */
  readonly credentials: (endpoint: Endpoint) => Credentials | undefined | Promise<Credentials | undefined>;
  /** AMQP container-id, STOMP client-id; undefined: none that the user would know. */
  readonly clientId: string | undefined;
  /** The heart-beat interval wanted in both directions, in milliseconds; 0 switches heart-beats off. */
  readonly heartbeatMs: number;
  readonly tls: TlsOptions | undefined;
  /** Endpoints the broker itself named as alternates; they add to the list the user gave. */
  readonly onAlternates?: ((endpoints: readonly Endpoint[]) => void) | undefined;
}
