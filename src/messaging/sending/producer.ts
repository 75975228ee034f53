/** Sends to one destination, whose name is parsed once. */

import type { Destination } from "../messages/destination.ts";
import type { MessageBody } from "../messages/outgoing-message.ts";
import { NO_OPTIONS, type SendOptions } from "./call-options.ts";
import type { SendResult } from "./send-policy.ts";

/** Sends to one destination. */
export class Producer {
  /** The destination, as it was given. */
  readonly destination: Destination;
  readonly #send: (destination: Destination, body: MessageBody, options: SendOptions) => Promise<SendResult>;

  constructor(
    destination: Destination,
    send: (destination: Destination, body: MessageBody, options: SendOptions) => Promise<SendResult>,
  ) {
    this.destination = destination;
    this.#send = send;
  }

  /** Like Connection.send. */
  send(body: MessageBody, options: SendOptions = NO_OPTIONS): Promise<SendResult> {
    return this.#send(this.destination, body, options);
  }
}
