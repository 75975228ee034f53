/** A message of the bridge's own that travels over the link every few seconds and measures how long that takes. */
import { randomUUID } from "node:crypto";
import { onAbort } from "../../async/on-abort.ts";
import { pause } from "../../async/timer.ts";
import { MasterSlaveError } from "../../errors/errors.ts";
import type { Consumer } from "../../messaging/receiving/consuming/consumer.ts";
import type { Delivery } from "../../messaging/receiving/deliveries/delivery.ts";
import { CanaryFigures, type CanaryState, type CanaryStatus } from "./canary-figures.ts";
import type { Warn, WatchedGroup } from "./watched-group.ts";

export interface CanaryDeps {
  readonly link: string;
  readonly source: WatchedGroup;
  readonly target: WatchedGroup;
  readonly intervalMs: number;
  /** Whether the link takes messages at the moment. */
  readonly isOpen: () => boolean;
  /**
   * Takes room for this many bytes from the link's limit on bytes in flight. Resolves with false when the link is
   * closing.
   */
  readonly acquire: (bytes: number) => Promise<boolean>;
  readonly release: (bytes: number) => void;
  readonly warn: Warn;
}

const NUMBER = "MasterslaveCanary";
const SENDER = "MasterslaveCanaryOf";
/** The time to live: the broker drops a canary that a killed bridge left behind. */
const LIFE_MS = 30_000;
/** Without an arrival for this many intervals the canary is late. */
const LATE_INTERVALS = 3;
const LOOK_MS = 50;
/**
 * The first wait before a refused queue is asked for again. It doubles up to an hour, because each refusal may cost a
 * session.
 */
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 3_600_000;

export class Canary {
  readonly #deps: CanaryDeps;
  readonly #figures = new CanaryFigures();
  readonly #me = randomUUID();
  /** The `performance.now()` of each send, by canary number. It holds only canaries whose time to live is not over. */
  readonly #underway = new Map<number, number>();
  readonly #ending = new AbortController();
  #count = 0;
  #refusal: string | undefined;
  /** The canary that is still in the source group or being forwarded. No other is sent behind it. */
  readonly #way = { atSource: undefined as number | undefined, forwarding: false };
  /** The `performance.now()` of the last arrival, or of the first send before any arrival. */
  #arrivedAt: number | undefined;

  constructor(deps: CanaryDeps) {
    this.#deps = deps;
  }

  /** Runs until close(). The first canary is sent after one interval. */
  start(): void {
    void this.#run();
  }

  close(): void {
    this.#ending.abort();
    this.#underway.clear();
  }

  get status(): CanaryStatus {
    return this.#figures.status(this.#state());
  }

  /** Milliseconds since the last canary arrived, or the first was sent, when that is late; 0 otherwise. */
  get lateMs(): number {
    if (this.#arrivedAt === undefined || this.#refusal !== undefined) return 0;
    const ms = performance.now() - this.#arrivedAt;
    return ms >= LATE_INTERVALS * this.#deps.intervalMs ? ms : 0;
  }

  #state(): CanaryState {
    if (this.#refusal !== undefined) return "refused";
    if (this.lateMs > 0) return "late";
    return this.#figures.arrived === 0 ? "waiting" : "arriving";
  }

  /**
   * The processes of a link share one queue by a selector if the broker supports selectors; otherwise each process has
   * its own.
   */
  #queue(): { readonly destination: string; readonly selector?: string } {
    const { link, source, target } = this.#deps;
    const name = `queue://masterslave.canary.${link}.${source.id}.${target.id}`;
    const selects = [source, target].every(({ connection }) => SELECTS.has(connection.broker?.product ?? ""));
    return selects
      ? { destination: name, selector: `${SENDER} = '${this.#me}'` }
      : { destination: `${name}.${this.#me}` };
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    let waitMs = FIRST_WAIT_MS;
    await pause(this.#deps.intervalMs, signal);
    while (!signal.aborted) {
      const refusal = await this.#fly(() => {
        waitMs = FIRST_WAIT_MS;
      });
      if (signal.aborted || refusal === undefined) return;
      this.#refused(refusal);
      await pause(waitMs, signal);
      waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    }
  }

  /** Resolves with the reason of a broker's refusal, or with undefined when the link is over. Never rejects. */
  async #fly(onReady: () => void): Promise<string | undefined> {
    const { source, target } = this.#deps;
    const { destination, selector } = this.#queue();
    const options = { prefetch: 10, ...(selector !== undefined && { selector }), signal: this.#ending.signal };
    const consumers: Consumer[] = [];
    const stop = new AbortController();
    const forget = onAbort(this.#ending.signal, () => stop.abort());
    try {
      consumers.push(source.connection.consume(destination, options), target.connection.consume(destination, options));
      const [leaving, arriving] = consumers as [Consumer, Consumer];
      await Promise.all(consumers.map(({ ready }) => ready));
      this.#refusal = undefined;
      this.#arrivedAt = performance.now();
      onReady();
      await Promise.race([
        this.#send(destination, stop.signal),
        each(leaving, (delivery) => this.#forward(delivery, destination)),
        each(arriving, (delivery) => this.#arrived(delivery)),
      ]);
      return undefined;
    } catch (thrown) {
      const { code, message } = MasterSlaveError.from(thrown);
      return OVER.has(code) ? undefined : message;
    } finally {
      forget();
      stop.abort();
      this.#underway.clear();
      Object.assign(this.#way, { atSource: undefined, forwarding: false });
      await Promise.all(consumers.map((consumer) => consumer.close()));
    }
  }

  /** Sends one canary an interval, unless the last one is still in the source group. */
  async #send(destination: string, signal: AbortSignal): Promise<void> {
    const { source, intervalMs } = this.#deps;
    while (!signal.aborted) {
      this.#bury();
      if (this.#way.atSource === undefined && !this.#way.forwarding) {
        const number = this.#count++;
        this.#way.atSource = number;
        this.#underway.set(number, performance.now());
        const properties = { [NUMBER]: number, [SENDER]: this.#me };
        await source.connection
          .send(destination, String(number), { persistent: false, ttlMs: LIFE_MS, properties, signal })
          .catch((reason: unknown) => ignoreLoss(reason));
      }
      await pause(intervalMs, signal);
    }
  }

  /** Waits as a message would: for the link to be open, and for room in flight. */
  async #forward(delivery: Delivery, destination: string): Promise<void> {
    const { target, acquire, release } = this.#deps;
    const number = Number(delivery.message.properties[NUMBER]);
    const bytes = delivery.message.bytes().length;
    this.#way.forwarding = true;
    const open = await this.#opened(number);
    if (open && (await acquire(bytes))) {
      const { properties } = delivery.message;
      const sent = { [NUMBER]: number, [SENDER]: String(properties[SENDER]) };
      try {
        const options = { persistent: false, ttlMs: LIFE_MS, properties: sent, signal: this.#ending.signal };
        await target.connection
          .send(destination, String(number), options)
          .catch((reason: unknown) => ignoreLoss(reason));
      } finally {
        release(bytes);
      }
    }
    if (this.#way.atSource === number) this.#way.atSource = undefined;
    this.#way.forwarding = false;
    await delivery.accept();
  }

  /** Resolves with false if the canary's time to live runs out first. */
  async #opened(number: number): Promise<boolean> {
    while (!this.#deps.isOpen() && !this.#ending.signal.aborted) {
      this.#bury();
      if (!this.#underway.has(number)) return false;
      await pause(LOOK_MS, this.#ending.signal);
    }
    return this.#underway.has(number) && !this.#ending.signal.aborted;
  }

  async #arrived(delivery: Delivery): Promise<void> {
    const number = Number(delivery.message.properties[NUMBER]);
    const sentAt = this.#underway.get(number);
    this.#arrivedAt = performance.now();
    if (sentAt !== undefined && this.#underway.delete(number)) this.#figures.add(performance.now() - sentAt);
    await delivery.accept();
  }

  /** Counts the canaries whose time to live has run out as lost. */
  #bury(): void {
    const now = performance.now();
    for (const [number, sentAt] of this.#underway) {
      if (now - sentAt < LIFE_MS) continue;
      this.#underway.delete(number);
      if (this.#way.atSource === number) this.#way.atSource = undefined;
      this.#figures.lost += 1;
    }
  }

  #refused(reason: string): void {
    const first = this.#refusal === undefined;
    this.#refusal = reason;
    const message = `the canary of the link cannot fly: ${reason} (let the bridge's user read and write masterslave.> on both sides, or set canary: false)`;
    if (first) this.#deps.warn({ group: undefined, code: "CANARY_REFUSED", message });
  }
}

/** Products that have JMS selectors. */
const SELECTS: ReadonlySet<string> = new Set(["activemq", "artemis"]);
/** Error codes which mean that the connection or the link is over. */
const OVER: ReadonlySet<string> = new Set(["CONNECTION_CLOSED", "ABORTED"]);

/** Resolves when the consumer was closed. Rejects when the broker refuses it, or refuses a send made by `act`. */
async function each(consumer: Consumer, act: (delivery: Delivery) => Promise<void>): Promise<void> {
  for await (const delivery of consumer) await act(delivery);
}

/**
 * A canary that could not be sent during its time to live, or whose send is in doubt, counts as lost, with no other
 * effect.
 */
function ignoreLoss(reason: unknown): void {
  const { code, retryable } = MasterSlaveError.from(reason);
  if (OVER.has(code) || !(retryable || code === "SEND_EXPIRED")) throw reason;
}
