/**
 * The sends to one destination, on a link of their own. Artemis gets them in transactions, or checked one by one if it
 * may have stored them already (docs/decisions/0021); any other broker gets each as soon as it grants credit.
 */
import type { AmqpError } from "rhea";
import type { Destination } from "../../../messaging/messages/destination.ts";
import { SendQueue } from "../../shared/send-queue.ts";
import type { SessionDeps } from "../opening/session-deps.ts";
import type { DeclaredTransactions } from "../transactions/declared-transactions.ts";
import type { LinkSend } from "../transactions/transactional-send.ts";
import { rejection } from "./send-outcome.ts";
import { type LinkOwner, SenderLink, type TransferTerms } from "./sender-link.ts";
import { TransactedSends } from "./transacted-sends.ts";

export interface DestinationSendsDeps {
  readonly context: SessionDeps;
  /** undefined if sends need no transaction. */
  readonly transactions: DeclaredTransactions | undefined;
  /** The broker refused or ended the link; the next send opens another. */
  readonly onGone: () => void;
}

export class DestinationSends implements LinkOwner {
  readonly #deps: DestinationSendsDeps;
  readonly #link: SenderLink;
  /** Sends that wait for credit: all of them, or on Artemis those in the user's transactions. */
  readonly #waiting = new SendQueue<LinkSend>();
  readonly #transacted: TransactedSends | undefined;
  usedAtMs = 0;

  /** Attaches the link at once. */
  constructor(deps: DestinationSendsDeps, destination: Destination) {
    const { context, transactions } = deps;
    this.#deps = deps;
    this.#link = new SenderLink(context, destination, this);
    this.#transacted = transactions && new TransactedSends({ context, transactions, link: this.#link });
  }

  get idle(): boolean {
    return this.#link.idle && this.#waiting.size === 0 && (this.#transacted?.groups.idle ?? true);
  }

  send(send: LinkSend): void {
    this.usedAtMs = performance.now();
    // A broker may end the connection because of the attach frame, before any send is written.
    if (!this.#link.attached) send.onAttaching?.();
    if (this.#transacted && send.state === undefined) this.#transacted.groups.send(send);
    else {
      this.#waiting.push(send);
      this.#writeWaiting();
    }
  }

  /** Calls `act` when everything that was sent so far outside of the user's transactions is stored or refused. */
  behind(act: () => void): void {
    if (this.#transacted) this.#transacted.groups.behind(act);
    else act();
  }

  close(): void {
    this.end();
    this.#link.close();
  }

  /** Ends the sends with their session: nothing more is written, and no caller is told an outcome. */
  end(): void {
    this.#waiting.drain();
    this.#transacted?.groups.end();
    this.#link.end();
  }

  onRoom(): void {
    this.#transacted?.groups.flush();
    this.#writeWaiting();
  }

  onGone(reason: AmqpError): void {
    const waiting = this.#waiting.drain().filter((item) => typeof item === "object");
    const unstored = this.#transacted?.groups.stop() ?? [];
    this.#deps.onGone();
    for (const send of [...waiting, ...unstored])
      if (!send.abandoned) send.onOutcome(rejection(send, this.#deps.context, reason));
  }

  /** Writes waiting sends, the oldest first, while there is credit and room. */
  #writeWaiting(): void {
    // Artemis would count their answers as answers of the sends that are being checked.
    if (this.#transacted?.groups.checking || this.#transacted?.groups.wantsQuiet) return;
    for (
      let send = this.#waiting.peek();
      typeof send === "object" && this.#link.room > 0;
      send = this.#waiting.peek()
    ) {
      this.#waiting.shift();
      if (!send.abandoned) this.#link.write(send, termsOf(send));
    }
  }
}

function termsOf({ state }: LinkSend): TransferTerms | undefined {
  return state && { state, onOutcome: (send, outcome) => send.onOutcome(outcome) };
}
