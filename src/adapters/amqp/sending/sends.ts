/** The sends of one session: a sender link for each destination, opened on demand, kept open, and limited in number. */
import { formatAddress, MasterSlaveError, UnsupportedError } from "../../../errors/errors.ts";
import { formatDestination } from "../../../messaging/messages/destination.ts";
import type { Broker, OutgoingSend } from "../../../messaging/port/messaging-session.ts";
import { checkComposite } from "../messages/check-composite.ts";
import { spell } from "../messages/destination.ts";
import { checkFrameFits, describeStart } from "../opening/frame-size.ts";
import type { SessionDeps } from "../opening/session-deps.ts";
import { DeclaredTransactions } from "../transactions/declared-transactions.ts";
import type { LinkSend } from "../transactions/transactional-send.ts";
import { DestinationSends } from "./destination-sends.ts";

/** Idle links beyond this number are closed, the least recently used first. */
const MAX_IDLE_LINKS = 64;

/** The capability of a broker that delays a message until its delivery time; Qpid JMS checks for it too. */
const DELAYED_DELIVERY = "DELAYED_DELIVERY";

export class Sends {
  readonly #context: SessionDeps;
  /** In the order of opening, the latest last. */
  readonly #links = new Map<string, DestinationSends>();
  readonly #transactions: DeclaredTransactions | undefined;

  constructor(context: SessionDeps) {
    this.#context = context;
    this.#transactions = storesInTransactions(context.broker) ? new DeclaredTransactions(context) : undefined;
  }

  send(send: LinkSend): void {
    let link: DestinationSends;
    try {
      this.#check(send);
      const key = formatDestination(send.destination);
      link = this.#links.get(key) ?? this.#open(key, send);
    } catch (error) {
      send.onOutcome({ kind: "failed", error: MasterSlaveError.from(error, this.#context.endpoint) });
      return;
    }
    link.send(send);
  }

  /**
   * Calls `act` when everything that was sent so far to these destinations, outside of the user's transactions, is
   * stored or refused.
   */
  behind(destinations: ReadonlySet<string>, act: () => void): void {
    let left = 1;
    const stored = () => {
      left -= 1;
      if (left === 0) act();
    };
    for (const destination of destinations) {
      left += 1;
      const link = this.#links.get(destination);
      if (link) link.behind(stored);
      else stored();
    }
    stored();
  }

  /** Ends the sends with their session: nothing more is written, and no caller is told an outcome. */
  end(): void {
    this.#transactions?.end();
    for (const link of this.#links.values()) link.end();
    this.#links.clear();
  }

  /** @throws UnsupportedError for an option that this broker would not follow. */
  #check(send: OutgoingSend): void {
    checkComposite(send, this.#context);
    if (send.message.deliverAtMs === undefined || this.#context.offers.has(DELAYED_DELIVERY)) return;
    const where = formatAddress(this.#context.endpoint);
    throw new UnsupportedError(`${where} does not offer ${DELAYED_DELIVERY}: send without delayMs, and wait here`);
  }

  #open(key: string, { destination }: OutgoingSend): DestinationSends {
    checkFrameFits(
      this.#context,
      `The name of ${describeStart(key)}`,
      spell(this.#context.spelling, destination).address,
    );
    if (this.#links.size >= MAX_IDLE_LINKS) this.#closeLeastRecentlyUsed();
    const onGone = () => {
      if (this.#links.get(key) === link) this.#links.delete(key);
    };
    const deps = { context: this.#context, transactions: this.#transactions, onGone };
    const link: DestinationSends = new DestinationSends(deps, destination);
    this.#links.set(key, link);
    return link;
  }

  #closeLeastRecentlyUsed(): void {
    let oldest: readonly [string, DestinationSends] | undefined;
    for (const entry of this.#links) {
      const [, link] = entry;
      if (link.idle && (oldest === undefined || link.usedAtMs < oldest[1].usedAtMs)) oldest = entry;
    }
    // All links are in use. The waiting sends are limited elsewhere, and so is the number of links.
    if (oldest === undefined) return;
    this.#links.delete(oldest[0]);
    oldest[1].close();
  }
}

/**
 * Whether the broker confirms a send with a duplicate id too early unless it is in a transaction (docs/decisions/0021).
 */
function storesInTransactions({ product }: Broker): boolean {
  return product === "artemis";
}
