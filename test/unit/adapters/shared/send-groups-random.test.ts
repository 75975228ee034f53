/** Random programs of sends and answers, against what must hold of them whatever happens. */
import { expect, it } from "vitest";
import type { OutgoingSend } from "../../../../src/messaging/port/messaging-session.ts";
import { seededRandom } from "../../../support/seeded-random.ts";
import { TestSend } from "../stomp/messaging-steps.ts";
import { nameOf, ToyWriter, turn } from "./toy-writer.ts";

const STEPS = 60;
/** Far more than a program can need until all its sends are answered. */
const MAX_ANSWERS = 1_000;
const DESTINATIONS = ["queue://a", "queue://b", "topic://c"];
/** Four of them are more than a transaction takes. */
const LARGE_BODY = Buffer.alloc(300 * 1024);

/** What the toy's broker has, as the answers of one program say. */
class Broker {
  readonly #writer: ToyWriter;
  readonly #random: () => number;
  readonly #sends: ReadonlyMap<string, TestSend>;
  readonly stored: TestSend[] = [];
  /** Which sends had been confirmed when their transaction was refused, or were confirmed in that turn. */
  readonly confirmedThoughRefused: string[] = [];
  readonly #answered = new Set<number>();

  constructor(writer: ToyWriter, random: () => number, sends: ReadonlyMap<string, TestSend>) {
    this.#writer = writer;
    this.#random = random;
    this.#sends = sends;
  }

  /** Answers the oldest commit, or the check. Returns whether anything was asked. */
  answer(refusals: number): boolean {
    if (this.#writer.groups.checking) {
      this.#answerCheck(refusals);
      return true;
    }
    const number = this.#numbersOf("commit").find((one) => !this.#answered.has(one));
    if (number === undefined) return false;
    this.#answered.add(number);
    this.#answerCommit(number, refusals);
    return true;
  }

  #answerCommit(number: number, refusals: number): void {
    const members = this.#membersOf(number);
    const named = this.#some(members, refusals / 2);
    const others = members.filter((send) => !named.includes(send));
    if (this.#random() >= refusals) {
      this.stored.push(...others);
      this.#writer.store(number, ...named);
      return;
    }
    this.#writer.refuse(number, ...named);
    this.confirmedThoughRefused.push(...others.filter(isConfirmed).map(nameOf));
  }

  #answerCheck(refusals: number): void {
    const sends = this.#writer.checking.map((send) => this.#sendOf(nameOf(send)));
    const refused = this.#some(sends, refusals);
    this.stored.push(...sends.filter((send) => !refused.includes(send)));
    this.#writer.answerCheck(...refused);
  }

  #some(sends: readonly TestSend[], share: number): TestSend[] {
    return sends.filter(() => this.#random() < share);
  }

  #membersOf(number: number): TestSend[] {
    const lines = this.#writer.log.filter((line) => line.endsWith(` in ${number}`));
    return lines.map((line) => this.#sendOf(line.split(" ", 1)[0] ?? ""));
  }

  #numbersOf(word: string): number[] {
    return this.#writer.log.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.split(" ")[1]));
  }

  #sendOf(name: string): TestSend {
    const send = this.#sends.get(name);
    if (!send) throw new Error(`Nobody sent ${name}`);
    return send;
  }
}

/** One program: its sends, in the order of the calls, and what became of them. */
class Program {
  readonly writer = new ToyWriter();
  readonly sends = new Map<string, TestSend>();
  readonly broker: Broker;
  readonly #random: () => number;
  readonly #refusals: number;

  constructor(seed: number, refusals = 0.25) {
    this.#random = seededRandom(seed);
    this.#refusals = refusals;
    this.broker = new Broker(this.writer, this.#random, this.sends);
  }

  async run(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      this.#step();
      if (this.#random() < 0.6) await turn();
    }
    Object.assign(this.writer, { room: Number.POSITIVE_INFINITY, ready: true, quiet: true });
    this.writer.groups.flush();
    for (let answers = 0; this.broker.answer(0) || !this.writer.groups.idle; answers++) {
      if (answers > MAX_ANSWERS) throw new Error(`The sends never end: ${this.writer.log.slice(-10).join(", ")}`);
      await turn();
    }
  }

  #step(): void {
    const choice = this.#random();
    if (choice < 0.4) this.#send();
    else if (choice < 0.75) this.broker.answer(this.#refusals);
    else if (choice < 0.85) this.#abandonOne();
    else this.#changeWhatCanBeWritten();
  }

  #send(): void {
    const count = 1 + Math.floor(this.#random() * 6);
    for (let n = 0; n < count; n++) {
      const body = this.#random() < 0.1 ? LARGE_BODY : "small";
      const send = new TestSend(body, { type: `m${this.sends.size}` }, this.#oneOf(DESTINATIONS));
      send.inDoubt = this.#random() < 0.1;
      this.sends.set(nameOf(send), send);
      this.writer.groups.send(send);
    }
  }

  #abandonOne(): void {
    const waiting = [...this.sends.values()].filter(({ outcomes }) => outcomes.length === 0);
    if (waiting.length > 0) this.#oneOf(waiting).abandoned = true;
  }

  #changeWhatCanBeWritten(): void {
    const room = this.#random() < 0.3 ? 0 : Number.POSITIVE_INFINITY;
    Object.assign(this.writer, { room, ready: this.#random() < 0.7, quiet: this.#random() < 0.7 });
    this.writer.groups.flush();
  }

  #oneOf<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)] as T;
  }
}

const isConfirmed = ({ outcomes }: TestSend) => outcomes.some(({ kind }) => kind === "confirmed");

/** The names of what was stored at each destination. */
function storedAt(destination: string, { broker }: Program): string[] {
  const isThere = ({ destination: { kind, name } }: OutgoingSend) => `${kind}://${name}` === destination;
  return broker.stored.filter(isThere).map(nameOf);
}

function expectOrder(program: Program, seed: number): void {
  const order = [...program.sends.keys()];
  for (const destination of DESTINATIONS) {
    const names = storedAt(destination, program);
    const inOrder = order.filter((name) => names.includes(name));
    expect(names, `seed ${seed}: what ${destination} has, each once and in order`).toEqual(inOrder);
  }
}

function expectOutcomes({ sends, broker, writer }: Program, seed: number): void {
  const stored = new Set(broker.stored);
  for (const [name, send] of sends) {
    const { outcomes, abandoned } = send;
    expect(outcomes.length, `seed ${seed}: outcomes of ${name}`).toBeLessThanOrEqual(1);
    if (!abandoned) expect(outcomes.length, `seed ${seed}: outcomes of ${name}`).toBe(1);
    if (outcomes.length > 0) expect(isConfirmed(send), `seed ${seed}: ${name} is confirmed`).toBe(stored.has(send));
  }
  expect(broker.confirmedThoughRefused, `seed ${seed}: confirmed though refused`).toEqual([]);
  expect(writer.mistakes, `seed ${seed}: mistakes`).toEqual([]);
}

const SEEDS = Array.from({ length: 150 }, (_, seed) => seed);

it("each live send has one outcome, confirmed only when stored, in the order of its destination, over random refusals", async () => {
  for (const seed of SEEDS) {
    const program = new Program(seed);
    await program.run();
    expectOutcomes(program, seed);
    expectOrder(program, seed);
  }
});

it("each live send is confirmed and stored, in the order of its destination, while nothing is refused", async () => {
  for (const seed of SEEDS) {
    const program = new Program(seed, 0);
    await program.run();
    const live = [...program.sends.values()].filter(({ abandoned }) => !abandoned);
    expect(live.filter((send) => !isConfirmed(send)).map(nameOf), `seed ${seed}: not confirmed`).toEqual([]);
    expectOutcomes(program, seed);
    expectOrder(program, seed);
  }
});

it("the random programs reach refusals, checks, rolled back transactions and abandoned sends", async () => {
  const words = new Set<string>();
  let [failed, abandoned] = [0, 0];
  for (const seed of SEEDS.slice(0, 20)) {
    const program = new Program(seed);
    await program.run();
    for (const line of program.writer.log) words.add(line.split(" ", 1)[0] ?? "");
    for (const send of program.sends.values()) {
      if (send.abandoned) abandoned++;
      if (send.outcomes.some(({ kind }) => kind === "failed")) failed++;
    }
  }
  expect([...words]).toEqual(expect.arrayContaining(["begin", "commit", "roll", "check"]));
  expect(failed).toBeGreaterThan(20);
  expect(abandoned).toBeGreaterThan(20);
});
