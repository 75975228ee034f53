/** The broker at the other end of a session. */

import type { Destination } from "../../../messaging/messages/destination.ts";
import type { AdapterSettings } from "../../../messaging/port/adapter-settings.ts";
import type { Broker } from "../../../messaging/port/messaging-session.ts";
import type { Endpoint } from "../../../uri/endpoint.ts";
import type { StompVersion } from "../frames/header-text.ts";
import type { Dialect } from "./broker.ts";
import type { SendMemory } from "./send-memory.ts";

/** What the handshake agreed, and the settings of the adapter for all sessions. */
export interface Peer {
  readonly endpoint: Endpoint;
  readonly broker: Broker;
  readonly dialect: Dialect;
  readonly version: StompVersion;
  /** The client id in CONNECT. */
  readonly clientId: string | undefined;
  /** Redacts this connection's credentials in a text of the broker. */
  readonly redact: (text: string) => string;
  readonly deadLetterDestination: Destination;
  readonly releaseWaitMs: number;
  /** The largest body that is kept; a larger message is rejected. */
  readonly maxMessageBytes: number;
  readonly onWarning: AdapterSettings["onWarning"];
  readonly memory: SendMemory;
  /** Whether heart-beats reveal a broker that has stopped. */
  readonly noticesSilence: boolean;
}
