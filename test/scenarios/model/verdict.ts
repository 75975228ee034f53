/** The model: what a broker and its clients may have made of a program, given what was seen of it. */
import type { Consumed, DeliveredIds, Ledger, PlayedTransaction, SentMessage, StorePlace } from "./ledger.ts";
import { orderViolations } from "./order.ts";

/** What there is when everybody has left. */
export interface Leftovers {
  /** In order. */
  readonly stored: ReadonlyMap<StorePlace, readonly string[]>;
  /** In the dead letter queue. */
  readonly dead: readonly string[];
}

export function violationsOf(ledger: Ledger, leftovers: Leftovers): string[] {
  return [
    ...ledger.violations,
    ...new Judgement(ledger, leftovers).violations(),
    ...orderViolations(ledger, leftovers.stored),
  ];
}

class Judgement {
  readonly #ledger: Ledger;
  readonly #left: Leftovers;
  readonly #seen: ReadonlySet<string>;
  readonly #violations: string[] = [];
  readonly #consumed: Consumed[];

  constructor(ledger: Ledger, left: Leftovers) {
    this.#ledger = ledger;
    this.#left = left;
    const stored = [...left.stored.values()].flat();
    this.#seen = new Set([...ledger.handedOver.map(({ body }) => body), ...stored, ...left.dead]);
    this.#consumed = [...ledger.consumed];
  }

  violations(): string[] {
    const { sent, transactions } = this.#ledger;
    for (const body of this.#seen) if (!sent.has(body)) this.#violations.push(`${body} was never sent`);
    for (const transaction of transactions) this.#judgeTransaction(transaction);
    for (const message of sent.values()) this.#judgeMessage(message);
    this.#judgeFlags();
    return this.#violations;
  }

  /** Whole or nothing; earlier runs of its work have left nothing. */
  #judgeTransaction({ label, runs, outcome, known }: PlayedTransaction): void {
    const earlier = runs.slice(0, -1);
    for (const { sends } of earlier) for (const sent of sends) sent.fate = "not-stored";
    const last = runs.at(-1);
    if (last === undefined) return;
    const visible = last.sends.filter((sent) => this.#placesOf(sent).some((place) => this.#expected(sent, place)));
    const seen = visible.filter(({ body }) => this.#seen.has(body));
    if (outcome === "in-doubt" && seen.length > 0 && seen.length < visible.length) {
      const missing = visible.filter((one) => !seen.includes(one)).map(({ body }) => body);
      this.#violations.push(`${label} holds in part: ${missing.join(", ")} is missing`);
    }
    const holds = outcome === "committed" || (outcome === "in-doubt" && seen.length > 0);
    const open = outcome === "in-doubt" && visible.length === 0;
    for (const sent of last.sends) sent.fate = holds ? "confirmed" : open ? "doubtful" : "not-stored";
    if (!holds && !open) return;
    for (const handed of last.accepted) {
      const sure = holds ? "yes" : "perhaps";
      this.#consumed.push({ handed, kind: "accepted", sure, asked: known, known, session: known.tick });
    }
  }

  #judgeMessage(message: SentMessage): void {
    const places = this.#placesOf(message);
    const dead = count(this.#left.dead, message.body);
    const consumed = this.#consumed.filter(({ handed }) => handed.body === message.body);
    const buried = consumed.filter(({ kind }) => kind === "dead");
    const deadAtLeast = buried.filter((one) => this.#isSure(one)).length;
    if (dead < deadAtLeast) this.#say(message, `was rejected, and is not in the dead letter queue`);
    if (dead > buried.length) this.#say(message, `is ${dead} times a dead letter, rejected ${buried.length} times`);
    let present = dead;
    let expected = 0;
    for (const place of places) {
      present += this.#judgeAt(message, place, consumed);
      expected += this.#expected(message, place) && message.fate === "confirmed" ? 1 : 0;
    }
    if (present < expected) this.#say(message, "was confirmed, and is lost");
    if (message.fate === "pending") this.#say(message, "has no outcome");
  }

  /** How many copies were accepted there, or are there still. */
  #judgeAt(message: SentMessage, place: StorePlace, all: readonly Consumed[]): number {
    const { body, fate, maxCopies } = message;
    const handed = this.#ledger.handedOver.filter((one) => one.body === body && one.place === place);
    const consumed = all.filter((one) => one.handed.place === place);
    const sure = consumed.filter((one) => this.#isSure(one));
    const stored = count(this.#left.stored.get(place) ?? [], body);
    if (fate === "not-stored" && stored + handed.length > 0)
      this.#say(message, `was not stored by all that was said, and is at ${place}`);
    if (stored + sure.length > maxCopies)
      this.#say(message, `is at ${place} ${stored} times, settled ${sure.length} times, and stored ${maxCopies} times`);
    for (const one of handed) {
      if (sure.filter(({ known }) => known.tick < one.at.tick).length >= maxCopies)
        this.#say(message, `was handed over at ${place} after it was settled`);
    }
    const accepted = consumed.filter(({ kind }) => kind === "accepted");
    if (this.#expected(message, place) && fate === "confirmed" && stored + consumed.length === 0)
      this.#say(message, `was confirmed, and is lost at ${place}`);
    return stored + accepted.length;
  }

  /** Written to a session that did not end before the broker had it for good. */
  #isSure({ sure, handed, asked, session }: Consumed): boolean {
    if (sure !== "unless-lost") return sure === "yes";
    const { outages } = this.#ledger;
    if (!outages.some(({ to }) => to > session)) return true;
    const lostBy = Math.min(...outages.filter(({ to }) => to > session).map(({ from }) => from));
    return handed.connection.barriers.some(
      // Written in another turn: within one, AMQP's dispositions may go after the sends.
      ({ called, confirmed }) => called.tick > asked.tick && called.turn > asked.turn + 1 && confirmed.tick < lostBy,
    );
  }

  /** A place that surely gets the message when it is stored. */
  #expected({ to, at }: SentMessage, place: StorePlace): boolean {
    if (to !== "topic") return true;
    const since = this.#ledger.subscribed.get(place);
    return since !== undefined && since.tick < at.tick;
  }

  #placesOf({ to }: SentMessage): StorePlace[] {
    return to === "topic" ? ["durable-0", "durable-1"] : [to];
  }

  #judgeFlags(): void {
    const known = new Set<string>();
    for (const { body, place, consumer, connection, redelivered } of this.#ledger.handedOver) {
      // A topic hands out each message once to each consumer.
      const scope = place.startsWith("durable") ? `${place}#${consumer}` : place;
      const key = `${connection.key} ${scope} ${body}`;
      if (known.has(key) && !redelivered)
        this.#violations.push(`${body} was handed over again on ${connection.key}, and not flagged as redelivered`);
      known.add(key);
    }
    for (const one of this.#ledger.handedOver) if (one.deduplicates) this.#judgeTwin(one);
  }

  #judgeTwin({ body, consumer, at }: DeliveredIds): void {
    const accepted = this.#consumed.find(
      ({ handed, kind, sure, known }) =>
        kind === "accepted" &&
        sure !== "perhaps" &&
        handed.body === body &&
        handed.consumer === consumer &&
        known.tick < at.tick,
    );
    if (accepted) this.#violations.push(`${body} was handed over to a consumer that deduplicates and had accepted it`);
  }

  #say({ body, to, fate }: SentMessage, what: string): void {
    this.#violations.push(`${body} (to ${to}, ${fate}) ${what}`);
  }
}

function count(bodies: readonly string[], body: string): number {
  return bodies.filter((one) => one === body).length;
}
