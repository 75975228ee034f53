/** Carries a program out on a group of its own, and returns what the model finds wrong with what came of it. */
import { embeddedGroup } from "../../../src/testing/index.ts";
import { leftovers } from "./aftermath.ts";
import { Client } from "./client.ts";
import { type Hands, honest } from "./hands.ts";
import { Ledger } from "./ledger.ts";
import { OpenPromises } from "./open-promises.ts";
import { PlayedConsumers } from "./played-consumers.ts";
import { PlayedSends } from "./played-sends.ts";
import type { Program, Step } from "./program.ts";
import { type Stage, turns } from "./stage.ts";
import { violationsOf } from "./verdict.ts";

/** Generous: it only detects what hangs. */
const HANGS_MS = 8_000;

/** What programs came to, to see that they were eventful. */
export interface Events {
  readonly sent: number;
  readonly confirmed: number;
  readonly handedOver: number;
  readonly settled: number;
  readonly committed: number;
  readonly deaths: number;
  readonly stored: number;
}

export interface Played {
  readonly violations: readonly string[];
  readonly events: Events;
}

export async function play(program: Program, hands: Hands = honest): Promise<Played> {
  const { duplicateDetection } = program;
  const group = await embeddedGroup({ inProcess: true, duplicateDetection });
  try {
    return await new Play(program, { group, hands, duplicateDetection }).toEnd();
  } finally {
    await group.close();
  }
}

class Play {
  readonly #program: Program;
  readonly #stage: Stage;
  readonly #consumers: PlayedConsumers;
  readonly #sends: PlayedSends;
  /** A failover that is under way. */
  #failover: Promise<void> = Promise.resolve();

  constructor(program: Program, given: Pick<Stage, "group" | "hands" | "duplicateDetection">) {
    const ledger = new Ledger();
    const promises = new OpenPromises();
    const [first, second] = program.connections;
    const parts = { group: given.group, ledger, promises };
    const clients = [new Client(0, first, parts), new Client(1, second, parts)] as const;
    this.#program = program;
    this.#stage = { ...given, ledger, promises, clients };
    this.#consumers = new PlayedConsumers(this.#stage);
    this.#sends = new PlayedSends(this.#stage, this.#consumers);
  }

  async toEnd(): Promise<Played> {
    for (const step of this.#program.steps) await this.#perform(step);
    const violations = await this.#end();
    return { violations: [...this.#stage.promises.violations, ...violations], events: this.#events() };
  }

  async #perform(step: Step): Promise<void> {
    const consumers = this.#consumers;
    if (step.do === "send") await this.#send(step);
    else if (step.do === "send-abort") await this.#sends.sendAndAbort(step.by, step.to, step.turns);
    else if (step.do === "consume") await consumers.consume(step);
    else if (step.do === "run") await consumers.run(step);
    else if (step.do === "take") consumers.take(step.consumer, step.count);
    else if (step.do === "settle") await consumers.settle(step.delivery, step.how);
    else if (step.do === "transact") await this.#sends.transact(step);
    else if (step.do === "pause") consumers.pause(step.consumer);
    else if (step.do === "resume") consumers.resume(step.consumer);
    else if (step.do === "close-consumer") consumers.close(step.consumer);
    else if (step.do === "drain-consumer") consumers.drain(step.consumer);
    else if (step.do === "browse") await this.#browse(step);
    else if (step.do === "close-connection") await this.#close(step.by);
    else if (step.do === "calm") await this.#calm();
    else if (step.do === "wait") await turns(this.#stage, step.turns);
    else await this.#failOver(step.do);
  }

  async #send({ by, to, count }: Extract<Step, { do: "send" }>): Promise<void> {
    for (let left = count; left > 0; left--) await this.#sends.send(by, to);
  }

  async #close(by: 0 | 1): Promise<void> {
    const client = this.#stage.clients[by];
    const live = client.current;
    await client.close();
    if (live) this.#consumers.connectionOver(live.life);
  }

  async #calm(): Promise<void> {
    await this.#stage.promises.settled(HANGS_MS, (label) => /^(send|transaction)/.test(label));
  }

  async #failOver(how: "failover" | "crash" | "stop"): Promise<void> {
    await this.#failover;
    const { group, ledger, hands } = this.#stage;
    const outage = ledger.dies();
    const member = group.active ?? 0;
    const dead = how === "stop" ? group.stop(member) : group.crash();
    this.#failover = (async () => {
      await dead;
      ledger.dead(outage);
      await group.takeover();
      await group.restart(member);
      await hands.tookOver(group);
    })();
    if (how === "failover") await this.#failover;
  }

  async #browse({ by, from }: Extract<Step, { do: "browse" }>): Promise<void> {
    const { ledger, promises, clients } = this.#stage;
    const { connection, life } = await clients[by].live();
    const shown = (async () => {
      for await (const message of connection.browse(`queue://${from}`)) {
        const body = message.text();
        if (!ledger.sent.has(body)) ledger.violations.push(`${body} was shown by browse(), and was never sent`);
      }
    })();
    const allow = (code: string) => code === "CONNECTION_CLOSED" && life.closing;
    void promises.keep(`browse() of ${from} by ${life.key}`, shown, allow);
  }

  /** The group is healed, what is under way comes to its end, and everybody leaves. */
  async #end(): Promise<string[]> {
    const { group, ledger, promises, clients } = this.#stage;
    await this.#failover;
    await this.#calm();
    await this.#consumers.closeAll();
    await this.#close(0);
    await this.#close(1);
    await promises.settled(HANGS_MS);
    const subscribers = clients.filter(({ index }) => ledger.subscribed.has(`durable-${index}`));
    try {
      const left = await leftovers(group, subscribers);
      this.#stored = [...left.stored.values()].flat().length + left.dead.length;
      return violationsOf(ledger, left);
    } catch (reason) {
      return [...ledger.violations, reason instanceof Error ? `${reason.stack}` : String(reason)];
    }
  }

  #stored = 0;

  #events(): Events {
    const { sent, handedOver, consumed, transactions, outages } = this.#stage.ledger;
    return {
      sent: sent.size,
      confirmed: [...sent.values()].filter(({ fate }) => fate === "confirmed").length,
      handedOver: handedOver.length,
      settled: consumed.length,
      committed: transactions.filter(({ outcome }) => outcome === "committed").length,
      deaths: outages.length,
      stored: this.#stored,
    };
  }
}
