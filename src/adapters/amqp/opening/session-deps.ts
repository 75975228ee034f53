/** The parts of an AMQP session that its sends, subscriptions and transactions use. */
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
  /** The capabilities in the broker's open frame. */
  readonly offers: ReadonlySet<string>;
  /** The user's client id, if there is one. */
  readonly clientId: string | undefined;
  /** The size limit in bytes: a larger message is not kept but rejected. */
  readonly maxMessageBytes: number;
  /** Raises the event `warning` of the connection. */
  readonly warn: AdapterSettings["onWarning"];
  /** Redacts this connection's credentials in a text of the broker. */
  readonly redact: (text: string) => string;
  /** Writes to the socket without going through rhea: EndpointSocket.gather(). */
  readonly gather: (bytes: Buffer) => void;
  /** Whether the session is over, or about to be reported as over. */
  isOver(): boolean;
  /** Notes that the broker confirmed or delivered something. */
  proveUseful(): void;
  /** Wraps whatever rhea calls: an exception of ours would make rhea close the connection with a text of its own. */
  guard<Args extends unknown[]>(work: (...args: Args) => void): (...args: Args) => void;
}
