/** Whatever is done in whatever order: every promise settles, and what is confirmed was confirmed by a broker, in order. */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { ConnectionSettings } from "../../../../src/messaging/connection/connection-parts.ts";
import type { Consumer } from "../../../../src/messaging/receiving/consuming/consumer.ts";
import type { Delivery } from "../../../../src/messaging/receiving/deliveries/delivery.ts";
import { forbidUnhandledRejections, type ToyConnection, toyConnection } from "../../../support/toy-connection.ts";
import { turns } from "../../../support/toy-messaging-session.ts";

forbidUnhandledRejections();

type Step =
  | { readonly do: "send"; readonly size: number; readonly limit: "none" | "timeout" | "ttl" | "abort" }
  | { readonly do: "poison" | "consume" | "run" | "next" | "settle" | "release" | "close-consumer" }
  | { readonly do: "kill" | "down" | "up" | "confirm" | "refuse" | "deliver" | "refuse-subscription" | "give-back" }
  | { readonly do: "abort" | "wait" | "connect" | "close" };

const simple = (...names: Exclude<Step["do"], "send">[]) =>
  fc.constantFrom(...names).map((name): Step => ({ do: name }));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      size: fc.constantFrom(1, 900, 5_000),
      limit: fc.constantFrom("none", "timeout", "ttl", "abort"),
    }),
  },
  { weight: 8, arbitrary: simple("confirm", "deliver", "deliver", "wait", "wait", "next", "next", "settle", "kill") },
  { weight: 3, arbitrary: simple("consume", "consume", "run", "refuse", "release", "down", "up", "up", "give-back") },
  { weight: 1, arbitrary: simple("poison", "close-consumer", "refuse-subscription", "abort", "connect", "close") },
);

/** Carries the steps out, keeping every promise it is given. */
class Play {
  readonly promises: Promise<unknown>[] = [];
  /** The numbers of the sends whose promise resolved; -1 for a poison that was confirmed before it killed. */
  readonly confirmed: number[] = [];
  readonly #toy: ToyConnection;
  readonly #consumers: Consumer[] = [];
  readonly #deliveries: Delivery[] = [];
  #abort = new AbortController();
  #sends = 0;

  constructor(toy: ToyConnection) {
    this.#toy = toy;
  }

  async perform(step: Step): Promise<void> {
    const { broker, connection } = this.#toy;
    const session = broker.sessions.at(-1);
    const subscription = session?.subscriptions.at(-1);
    const [unanswered] = session?.unanswered.keys() ?? [];
    if (step.do === "send") this.#send(step.size, step.limit);
    else if (step.do === "poison") this.#keep(connection.send("q", "poison").then(() => this.confirmed.push(-1)));
    else if (step.do === "consume" || step.do === "run") this.#consume(step.do === "run");
    else if (step.do === "next") this.#next();
    else if (step.do === "settle") this.#settle((delivery) => delivery.accept());
    else if (step.do === "release") this.#settle((delivery) => delivery.release());
    else if (step.do === "close-consumer") this.#keep(this.#consumers.at(-1)?.close());
    else if (step.do === "kill") session?.die();
    else if (step.do === "down" || step.do === "up") broker.up = step.do === "up";
    else if (step.do === "confirm" && unanswered !== undefined) session?.confirm(unanswered);
    else if (step.do === "refuse" && unanswered !== undefined) session?.refuse(unanswered);
    else if (step.do === "deliver") subscription?.deliver(`m${this.#sends}`);
    else if (step.do === "refuse-subscription") subscription?.refuse();
    else if (step.do === "give-back") subscription?.giveBack();
    else if (step.do === "abort") this.#abortAll();
    else if (step.do === "wait") await turns(3);
    else if (step.do === "connect") this.#keep(connection.connect());
    else if (step.do === "close") this.#keep(connection.close({ drainTimeoutMs: 3 }));
  }

  #keep(promise: Promise<unknown> | undefined): void {
    if (promise === undefined) return;
    promise.catch(() => {});
    this.promises.push(promise);
  }

  #send(size: number, limit: string): void {
    const number = this.#sends++;
    const limits = {
      ...(limit === "timeout" && { timeoutMs: 3 }),
      ...(limit === "ttl" && { ttlMs: 3 }),
      ...(limit === "abort" && { signal: this.#abort.signal }),
    };
    const send = this.#toy.connection.send("q", `${number} ${"x".repeat(size)}`, limits);
    this.#keep(send.then(() => this.confirmed.push(number)));
  }

  #consume(run: boolean): void {
    try {
      const consumer = this.#toy.connection.consume("queue://orders");
      this.#consumers.push(consumer);
      this.#keep(consumer.ready);
      if (run) this.#keep(consumer.run(() => turns(1), { concurrency: 2 }));
    } catch (error) {
      expect(error).toMatchObject({ code: "CONNECTION_CLOSED" });
    }
  }

  #next(): void {
    const consumer = this.#consumers.at(-1);
    if (!consumer) return;
    this.#keep(consumer.next().then(({ done, value }) => !done && this.#deliveries.push(value)));
  }

  #settle(settle: (delivery: Delivery) => Promise<unknown>): void {
    const delivery = this.#deliveries.shift();
    if (delivery) this.#keep(settle(delivery));
  }

  #abortAll(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
  }
}

const settings: Partial<ConnectionSettings> = { maxPendingSends: 3, maxPendingBytes: 8_000, poisonAfter: 2 };

it("settles every promise, keeps the order and counts nothing twice, in 300 random lives", {
  timeout: 120_000,
}, async () => {
  const seen = { confirmed: 0, resent: 0, received: 0, failovers: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 120, size: "max" }),
      fc.constantFrom<"resend" | "fail">("resend", "fail"),
      fc.constantFrom(true, true, false),
      async (steps, inDoubt, connects) => {
        const toy = toyConnection({ ...settings, inDoubt }, { confirms: false, diesOf: (what) => what === "poison" });
        const play = new Play(toy);
        if (connects) await toy.connection.connect();
        for (const next of steps) await play.perform(next);
        await toy.connection.close({ drainTimeoutMs: 3 });
        const outcomes = await Promise.allSettled(play.promises);
        for (const outcome of outcomes) {
          // Every rejection is one of ours, with a code.
          if (outcome.status === "rejected") expect(outcome.reason).toHaveProperty("code");
        }
        const stats = toy.connection.stats();
        expect(stats).toMatchObject({ pendingSends: 0, pendingBytes: 0, waitingSends: 0, consumers: 0, unsettled: 0 });
        expect(stats.confirmed).toBe(play.confirmed.length);
        for (const name of Object.keys(seen) as (keyof typeof seen)[]) seen[name] += stats[name];
        // One destination: within a session, the order of writing is the order of the calls.
        for (const { sent } of toy.broker.sessions) {
          const numbers = sent.filter((body) => body !== "poison").map((body) => Number.parseInt(body, 10));
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
          expect(new Set(numbers).size).toBe(numbers.length);
        }
      },
    ),
    { numRuns: 300 },
  );
  // The lives were eventful.
  expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(40);
});
