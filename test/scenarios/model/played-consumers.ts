/** The steps that consume: deliveries taken into hand and settled, or worked through by run(). */
import { type Consumer, type Delivery, MasterSlaveError, type ReceivedMessage } from "../../../src/index.ts";
import type { LiveClient } from "./client.ts";
import type { ClientLife, DeliveredIds, StorePlace } from "./ledger.ts";
import type { ConnectionIndex, How, Place, Step } from "./program.ts";
import { destinationOf, POISON_DEATHS, type Stage, storePlaceOf, turns } from "./stage.ts";

interface OpenConsumer {
  readonly number: number;
  readonly consumer: Consumer;
  readonly place: StorePlace;
  readonly deduplicates: boolean;
  readonly live: LiveClient;
  /** Read by run(), which calls its handler some turns after it has been handed a message. */
  running: boolean;
  /** close() or drain() has been called, and has been answered. */
  closing: boolean;
  over: boolean;
}

export interface Held {
  readonly delivery: Delivery;
  readonly handed: DeliveredIds;
}

const MAX_OPEN = 6;
/** How long what was taken is waited for. */
const ARRIVAL_TURNS = 30;
/** What AMQP and STOMP cannot say. */
const UNSAYABLE = { amqp: ["accept-confirmed"], stomp: ["fail-here", "undeliverable"] } as const;

export class PlayedConsumers {
  readonly #stage: Stage;
  readonly #consumers: OpenConsumer[] = [];
  readonly #held: Held[] = [];

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  get #open(): OpenConsumer[] {
    return this.#consumers.filter(({ closing, live }) => !closing && !live.life.closing);
  }

  async consume(step: Extract<Step, { do: "consume" }>): Promise<void> {
    const { prefetch, deduplicate } = step;
    const twins = deduplicate ? { deduplicate: { max: 1_000, ttlMs: 60_000 } } : {};
    const open = await this.#consume(step.by, step.from, { prefetch, ...twins });
    if (open) this.#take(open, step.take);
  }

  async #consume(
    by: ConnectionIndex,
    from: Place,
    options: Parameters<LiveClient["connection"]["consume"]>[1] & object,
  ): Promise<OpenConsumer | undefined> {
    const { ledger, promises, clients } = this.#stage;
    const place = storePlaceOf(from, by);
    const sharing = this.#consumers.filter((one) => one.place === place && !one.over && !one.live.life.closing);
    // A durable subscription has one consumer at a time.
    if (this.#open.length >= MAX_OPEN || (from === "topic" && sharing.length > 0)) return undefined;
    if (this.#consumers.some((one) => one.place === place && !one.over)) ledger.contended.add(place);
    const live = await clients[by].live();
    const named = from === "topic" ? { durable: "all" } : {};
    const consumer = live.connection.consume(destinationOf(from), { ...options, ...named });
    const number = this.#consumers.length + 1;
    const deduplicates = options.deduplicate !== undefined;
    const open: OpenConsumer = {
      number,
      consumer,
      place,
      deduplicates,
      live,
      running: false,
      closing: false,
      over: false,
    };
    this.#consumers.push(open);
    const since = ledger.now();
    const ready = consumer.ready.then(() => {
      if (!ledger.subscribed.has(place)) ledger.subscribed.set(place, ledger.now());
    });
    void promises.keep(`consumer ${number}: ready`, ready, (code) => {
      if (code === "SUBSCRIPTION_REFUSED") return ledger.deathsSince(since) >= POISON_DEATHS;
      return ["CONNECTION_CLOSED", "CONSUMER_CLOSED"].includes(code) && (open.closing || live.life.closing);
    });
    return open;
  }

  take(which: number, count: number): void {
    const readable = this.#open.filter(({ running }) => !running);
    const open = pick(readable, which);
    if (open) this.#take(open, count);
  }

  #take(open: OpenConsumer, count: number): void {
    for (let left = count; left > 0; left--) {
      const next = open.consumer.next().then(({ done, value }) => {
        if (!done) this.#held.push({ delivery: value, handed: this.#handOver(open, value.message, value.redelivered) });
      });
      void this.#stage.promises.keep(`consumer ${open.number}: next()`, next, () => false);
    }
  }

  #handOver(open: OpenConsumer, message: ReceivedMessage, redelivered: boolean): DeliveredIds {
    const { number: consumer, place, deduplicates, live } = open;
    return this.#stage.ledger.handOver({
      ...{ body: message.text(), place, consumer, deduplicates, connection: live.life, redelivered },
    });
  }

  /** Out of hand, for a transaction. */
  takeHeld(life: ClientLife, count: number): Held[] {
    const taken = this.#held.filter(({ handed }) => handed.connection === life).slice(0, count);
    for (const one of taken) this.#held.splice(this.#held.indexOf(one), 1);
    return taken;
  }

  async settle(which: number, how: How): Promise<void> {
    const { ledger, promises, hands, clients } = this.#stage;
    for (let left = ARRIVAL_TURNS; left > 0 && this.#held.length === 0; left--) await turns(this.#stage, 1);
    const held = pick(this.#held, which);
    if (held === undefined) return;
    this.#held.splice(this.#held.indexOf(held), 1);
    const { delivery, handed } = held;
    const asked = ledger.now();
    const { session } = handed.connection;
    const outcome = hands.settle(delivery, how).then(
      (result) => {
        const kind = how === "accept" || how === "accept-confirmed" ? "accepted" : "dead";
        if (how === "release" || how === "fail-here") return;
        // Written and not answered, it may have been heard; and whoever deduplicates accepts it when it comes again.
        const mayHold = how === "accept-confirmed" || (how === "accept" && handed.deduplicates);
        if (result === "stale" && !mayHold) return;
        const sure = result === "stale" ? "perhaps" : how === "accept-confirmed" ? "yes" : "unless-lost";
        ledger.consumed.push({ handed, kind, sure, asked, known: ledger.now(), session });
      },
      (reason: unknown) => {
        if (reason instanceof MasterSlaveError && reason.code === "UNSUPPORTED") this.#held.push(held);
        throw reason;
      },
    );
    const index = handed.connection.key.startsWith("connection 0") ? 0 : 1;
    const unsayable: readonly How[] = UNSAYABLE[clients[index].plan.protocol];
    const allow = (code: string) => code === "UNSUPPORTED" && unsayable.includes(how);
    void promises.keep(`${how} of ${handed.body} from consumer ${handed.consumer}`, outcome, allow);
  }

  /** Works through what comes; every other message fails if `fails`, is tried twice, and rejected. */
  async run({ by, from, transacted, fails }: Extract<Step, { do: "run" }>): Promise<void> {
    const { ledger, promises } = this.#stage;
    const open = await this.#consume(by, from, {});
    if (open === undefined) return;
    open.running = true;
    const handedOver = new WeakMap<ReceivedMessage, DeliveredIds>();
    const running = open.consumer.run(
      async (message, { attempt, redelivered, transaction }) => {
        const handed = handedOver.get(message) ?? this.#handOver(open, message, redelivered);
        handedOver.set(message, handed);
        const asked = ledger.now();
        const perhaps = { handed, sure: "perhaps", asked, known: asked, session: open.live.life.session } as const;
        if (fails && Number(handed.body.slice(1)) % 2 === 1) {
          if (attempt > 1) ledger.consumed.push({ ...perhaps, kind: "dead" });
          throw new Error("failed on purpose");
        }
        if (!transaction) {
          ledger.consumed.push({ ...perhaps, kind: "accepted" });
          return;
        }
        const played = ledger.begin(`transaction of consumer ${open.number} with ${handed.body}`);
        const answer = ledger.send("out", played.label);
        played.runs.push({ sends: [answer], accepted: [handed] });
        // Whether it was committed is seen by its answer.
        ledger.conclude(played, "in-doubt");
        await transaction.send(destinationOf("out"), answer.body);
      },
      { transacted, redelivery: { max: 1, initialDelayMs: 1 } },
    );
    void promises.keep(`consumer ${open.number}: run()`, running, () => false);
  }

  pause(which: number): void {
    pick(this.#open, which)?.consumer.pause();
  }

  resume(which: number): void {
    pick(this.#open, which)?.consumer.resume();
  }

  close(which: number): void {
    const open = pick(this.#open, which);
    if (open) void this.#end(open, "close");
  }

  drain(which: number): void {
    const open = pick(this.#open, which);
    if (open) void this.#end(open, "drain");
  }

  async closeAll(): Promise<void> {
    await Promise.all(this.#open.map((open) => this.#end(open, "close")));
  }

  async #end(open: OpenConsumer, how: "close" | "drain"): Promise<void> {
    open.closing = true;
    const closed = how === "close" ? open.consumer.close() : open.consumer.drain({ timeoutMs: 3 });
    await this.#stage.promises.keep(`consumer ${open.number}: ${how}()`, closed, () => false);
    open.over = true;
  }

  /** The connection is closed, and what was open on it. */
  connectionOver(life: ClientLife): void {
    for (const open of this.#consumers) if (open.live.life === life) open.over = true;
  }
}

function pick<T>(all: readonly T[], which: number): T | undefined {
  return all[which % Math.max(1, all.length)];
}
