/** The steps that send: alone, abandoned, and in transactions with what is accepted. */
import { MasterSlaveError } from "../../../src/index.ts";
import type { LiveClient } from "./client.ts";
import type { DeliveredIds, Moment, SentMessage } from "./ledger.ts";
import type { PlayedConsumers } from "./played-consumers.ts";
import type { ConnectionIndex, Place, Step } from "./program.ts";
import { destinationOf, POISON_DEATHS, type Stage, turns } from "./stage.ts";

interface Begun {
  readonly live: LiveClient;
  readonly begun: Moment;
  readonly step: Extract<Step, { do: "transact" }>;
}

/** What a transaction's work throws on purpose. */
class Thrown extends Error {}

export class PlayedSends {
  readonly #stage: Stage;
  readonly #consumers: PlayedConsumers;

  constructor(stage: Stage, consumers: PlayedConsumers) {
    this.#stage = stage;
    this.#consumers = consumers;
  }

  async send(by: ConnectionIndex, to: Place, signal?: AbortSignal): Promise<void> {
    const { ledger, promises, hands, clients } = this.#stage;
    const client = clients[by];
    const live = await client.live();
    const sent = ledger.send(to, live.life.key);
    const session = live.life.session;
    const options = signal ? { signal } : {};
    const outcome = hands.send(live.connection, destinationOf(to), sent.body, options).then(
      () => {
        live.confirmed += 1;
        this.#concluded(sent, "confirmed");
        if (live.life.session === session) live.life.barriers.push({ called: sent.at, confirmed: ledger.now() });
      },
      (reason: unknown) => {
        const code = reason instanceof MasterSlaveError ? reason.code : "";
        this.#concluded(sent, ["ABORTED", "CONNECTION_CLOSED"].includes(code) ? "not-stored" : "doubtful");
        throw reason;
      },
    );
    const allow = (code: string) => {
      const deaths = ledger.deathsSince(sent.at);
      if (code === "SEND_IN_DOUBT")
        return signal?.aborted || live.life.closing || (client.plan.inDoubt === "fail" && deaths > 0);
      if (code === "ABORTED") return signal?.aborted === true;
      return code === "POISON_SEND" ? deaths >= POISON_DEATHS : code === "CONNECTION_CLOSED" && live.life.closing;
    };
    void promises.keep(`send of ${sent.body} to ${to} by ${live.life.key}`, outcome, allow);
  }

  /** Gives it up after so many turns. */
  async sendAndAbort(by: ConnectionIndex, to: Place, count: number): Promise<void> {
    const controller = new AbortController();
    await this.send(by, to, controller.signal);
    await turns(this.#stage, count);
    controller.abort();
  }

  async transact(step: Extract<Step, { do: "transact" }>): Promise<void> {
    const { ledger, promises, hands, clients } = this.#stage;
    const live = await clients[step.by].live();
    const transaction = ledger.begin(`transaction ${ledger.transactions.length + 1} of ${live.life.key}`);
    const begun = ledger.now();
    const held = this.#consumers.takeHeld(live.life, step.accepts);
    const work: Parameters<typeof hands.transact>[1] = async (open) => {
      const sends: SentMessage[] = [];
      const accepted: DeliveredIds[] = [];
      const run = `${transaction.label}, run ${transaction.runs.length + 1}`;
      transaction.runs.push({ sends, accepted });
      for (const to of step.sends) {
        const sent = ledger.send(to, run);
        sends.push(sent);
        await open.send(destinationOf(to), sent.body);
        await turns(this.#stage, step.turns);
      }
      for (const { delivery, handed } of held) {
        accepted.push(handed);
        await open.accept(delivery);
      }
      await turns(this.#stage, step.turns);
      if (step.throws) throw new Thrown("thrown by the work");
    };
    const outcome = hands.transact(live.connection, work, step.retries).then(
      () => ledger.conclude(transaction, "committed"),
      (reason: unknown) => {
        const inDoubt = reason instanceof MasterSlaveError && reason.code === "TRANSACTION_IN_DOUBT";
        ledger.conclude(transaction, inDoubt ? "in-doubt" : "rolled-back");
        if (!(reason instanceof Thrown)) throw reason;
      },
    );
    void promises.keep(transaction.label, outcome, (code) => this.#mayFail(code, { live, begun, step }));
  }

  #mayFail(code: string, { live, begun, step }: Begun): boolean {
    const died = this.#stage.ledger.deathsSince(begun) > 0;
    if (code === "TRANSACTION_INTERRUPTED") return died;
    if (code === "TRANSACTION_IN_DOUBT") return died || live.life.closing;
    // Over AMQP a consumer that is closed takes what was accepted of it out of the transaction, which is rolled back.
    if (code === "STALE_DELIVERY" || code === "TRANSACTION_ROLLED_BACK") return step.accepts > 0;
    return code === "CONNECTION_CLOSED" && live.life.closing;
  }

  #concluded(sent: SentMessage, fate: SentMessage["fate"]): void {
    const { ledger, duplicateDetection } = this.#stage;
    sent.fate = fate;
    sent.maxCopies = duplicateDetection ? 1 : 1 + ledger.deathsSince(sent.at);
  }
}
