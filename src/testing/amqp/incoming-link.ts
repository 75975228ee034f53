/** A link on which the client sends: grants credit, stores messages, and answers once a message cannot be lost. */
import type { Delivery, EventContext, Receiver } from "rhea";
import type { Destination } from "../../messaging/messages/destination.ts";
import type { Destinations } from "../destinations/destinations.ts";
import { Refusal } from "../destinations/refusal.ts";
import type { Transaction } from "../destinations/transaction.ts";
import { draftFromTransfer } from "./amqp-message.ts";
import { settleApart } from "./rhea/rhea-server.ts";
import { acceptedIn, transactionIdOf } from "./rhea/transaction-frames.ts";

/** The credit that both brokers grant. */
const CREDIT = 1000;
const TOP_UP_BELOW = 700;

export interface IncomingLinkOptions {
  /** The destination of the link; undefined for the anonymous terminus, where each message names its own. */
  readonly destination: Destination | undefined;
  readonly destinations: Destinations;
  readonly maxMessageBytes: number;
  /** @throws Refusal if there is no transaction with that id. */
  readonly transactionOf: (id: string) => Transaction;
  /** Whether the connection can still be answered. */
  readonly isLive: () => boolean;
}

export function serveIncoming(receiver: Receiver, options: IncomingLinkOptions): void {
  let credit = CREDIT;
  let unsettled = 0;
  receiver.add_credit(CREDIT);

  const settle = (delivery: Delivery, outcome: () => void) => {
    unsettled--;
    if (!options.isLive()) return;
    if (delivery.remote_settled) delivery.update(true);
    else outcome();
    if (credit + unsettled >= TOP_UP_BELOW || !receiver.is_open()) return;
    const more = CREDIT - credit - unsettled;
    credit += more;
    receiver.add_credit(more);
  };
  const reject = (delivery: Delivery, { condition, message }: Refusal) =>
    settle(delivery, () => settleApart(receiver, () => delivery.reject({ condition, description: message })));

  receiver.on("message", ({ message, delivery }: EventContext) => {
    if (!delivery) return;
    credit--;
    unsettled++;
    try {
      // The bytes as sent: see keepTransfersEncoded.
      const encoded: unknown = message;
      if (!Buffer.isBuffer(encoded)) throw new Refusal("amqp:decode-error", "The transfer has no payload");
      if (encoded.length > options.maxMessageBytes) throw tooLarge(encoded.length, options.maxMessageBytes);
      const draft = draftFromTransfer(encoded, options.destination);
      const id = transactionIdOf(delivery);
      if (id === undefined) options.destinations.send(draft, () => settle(delivery, () => delivery.accept()));
      else {
        options.transactionOf(id).send(draft);
        settle(delivery, () => settleApart(receiver, () => delivery.update(true, acceptedIn(id))));
      }
    } catch (cause) {
      reject(delivery, Refusal.from(cause));
    }
  });
}

function tooLarge(bytes: number, limit: number): Refusal {
  return new Refusal("amqp:link:message-size-exceeded", `The message has ${bytes} bytes, the limit is ${limit}`);
}
