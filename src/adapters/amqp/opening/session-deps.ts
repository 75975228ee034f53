/** The AMQP session as its sends, subscriptions and transactions see it. */
import type { Connection } from "rhea";
import type { AdapterSettings } from "../../../messaging/port/adapter-settings.ts";
import type { Broker } from "../../../messaging/port/messaging-session.ts";
import type { Endpoint } from "../../../uri/endpoint.ts";
import type { Spelling } from "../messages/destination.ts";

export interface SessionDeps {
  readonly connection: Connection;
  readonly endpoint: Endpoint;
  readonly broker: Broker;
  readonly spelling: Spelling;
  /** The capabilities of the broker's open frame. */
  readonly offers: ReadonlySet<string>;
  /** The user's own, if there is one. */
  readonly clientId: string | undefined;
  /** A larger message is not kept but rejected, bytes. */
  readonly maxMessageBytes: number;
  /** Raises the event `warning` of the connection. */
  readonly warn: AdapterSettings["onWarning"];
  /** Takes this connection's credentials out of a text of the broker's. */
  readonly redact: (text: string) => string;
  /** Past rhea to the socket: EndpointSocket.gather(). */
  readonly gather: (bytes: Buffer) => void;
  /** Over, or about to be told so. */
  isOver(): boolean;
  /** The broker confirmed or delivered something. */
  proveUseful(): void;
  /** For whatever rhea calls: a throw of ours would make it close the connection with a text of its own. */
  guard<Args extends unknown[]>(work: (...args: Args) => void): (...args: Args) => void;
}
