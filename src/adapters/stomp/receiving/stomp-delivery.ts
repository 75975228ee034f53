/** One delivery of a message, with what is needed to settle it. */
import type { Linkable } from "../../../async/linked-set.ts";
import type { IncomingDelivery } from "../../../messaging/port/messaging-session.ts";

export class StompDelivery implements IncomingDelivery, Linkable<StompDelivery> {
  readonly message: IncomingDelivery["message"];
  readonly redelivered: boolean;
  readonly deliveryCount = undefined;
  readonly unsettleable: IncomingDelivery["unsettleable"];
  /** The headers of its ACK or NACK, as they are written. */
  readonly settling: string;
  set: object | undefined = undefined;
  previous: StompDelivery | undefined = undefined;
  next: StompDelivery | undefined = undefined;

  constructor({ message, redelivered, unsettleable }: Omit<IncomingDelivery, "deliveryCount">, settling: string) {
    this.message = message;
    this.redelivered = redelivered;
    this.unsettleable = unsettleable;
    this.settling = settling;
  }
}
