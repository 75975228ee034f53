/**
 * Transactions that accept an input and send its output, run by a consumer: each stored input must have exactly one
 * output.
 */
import { UnsupportedError } from "../../../../src/errors/errors.ts";
import type { Connection } from "../../../../src/messaging/connection/connection.ts";
import type { ReceivedMessage } from "../../../../src/messaging/messages/received-message.ts";
import type { Consumer } from "../../../../src/messaging/receiving/consuming/consumer.ts";
import type { ProcessContext } from "../../../../src/messaging/receiving/handling/process-context.ts";
import { Lanes, until, untilStill } from "./lanes.ts";
import type { LoadContext, LoadFindings, RunningLoad, StartLoad } from "./load.ts";
import { readQueue } from "./read-queue.ts";
import { Rejections } from "./rejections.ts";
import { TransformBook } from "./transform-book.ts";

/** Confirmed sends share a commit and transforms do not, so without a limit the inputs would pile up. */
const MAX_BACKLOG = 300;
const BACKLOG_WAIT_MS = 5_000;
/** Interrupted inputs come again sooner. */
const QUIET_MS = 2_000;

export const startTransforms: StartLoad = async (context) => {
  const names = { inputs: `queue://${context.name}.inputs`, outputs: `queue://${context.name}.outputs` };
  // An input that may have been stored is not sent again: its two copies would rightly have two outputs.
  const feeder = await context.connect({ inDoubt: "fail" });
  const transforms = new Transforms(context, await context.connect(), feeder, names);
  await transforms.ready;
  return transforms;
};

interface Names {
  readonly inputs: string;
  readonly outputs: string;
}

class Transforms implements RunningLoad {
  readonly #context: LoadContext;
  readonly #transformer: Connection;
  readonly #feeder: Connection;
  readonly #names: Names;
  readonly #book = new TransformBook();
  readonly #rejections = new Rejections(["SEND_IN_DOUBT"]);
  readonly #consumer: Consumer;
  readonly #ran: Promise<void>;
  readonly #lanes: Lanes;
  #lastAtMs = 0;
  #refused = false;
  #fed = 0;

  constructor(context: LoadContext, transformer: Connection, feeder: Connection, names: Names) {
    this.#context = context;
    this.#transformer = transformer;
    this.#feeder = feeder;
    this.#names = names;
    this.#consumer = transformer.consume(names.inputs, { prefetch: 20 });
    const handler = (message: ReceivedMessage, { transaction }: ProcessContext) =>
      this.#transform(message, transaction);
    this.#ran = this.#consumer
      .run(handler, { transacted: true, concurrency: 10 })
      .catch((reason: unknown) => this.#noteFailure(reason));
    this.#lanes = new Lanes({ lanes: 8, pauseMs: 5 + (context.restMs ?? 0) }, () => this.#feed());
  }

  get ready(): Promise<void> {
    return this.#consumer.ready;
  }

  /** Where transactions are refused, there is no progress to wait for. */
  get done(): number {
    if (this.#refused) this.#fed += 1;
    return this.#refused ? this.#fed : this.#book.handledCount;
  }

  stop(): Promise<void> {
    return this.#lanes.stop();
  }

  async settle(): Promise<void> {
    if (this.#refused) return;
    const quiet = () =>
      performance.now() - this.#lastAtMs > QUIET_MS && this.#transformer.stats().transactions.open === 0;
    await untilStill(
      () => this.#book.complete && quiet(),
      () => this.#book.handledCount,
    );
    await this.#consumer.close();
    await this.#ran;
    await this.#transformer.close({ drainTimeoutMs: 1_000 });
    const reader = await this.#context.connect();
    await readQueue(reader, this.#names.outputs, (message) => this.#book.output(numberOf(message)));
    await readQueue(reader, this.#names.inputs, (message) => this.#book.leftOver(numberOf(message)));
  }

  findings(): LoadFindings {
    const { counts, unexpected } = this.#rejections;
    // The refusal is the only result.
    const found = this.#refused ? new TransformBook().findings() : this.#book.findings();
    const { inDoubt, rolledBack } = this.#transformer.stats().transactions;
    return {
      ...found,
      inDoubt: { ...found.inDoubt, reported: found.inDoubt.reported + inDoubt },
      unexpected: [...found.unexpected, ...unexpected],
      rejections: {
        ...counts,
        ...(inDoubt > 0 && { TRANSACTION_IN_DOUBT: inDoubt }),
        ...(rolledBack > 0 && !this.#refused && { "rolled back": rolledBack }),
      },
    };
  }

  async #feed(): Promise<void> {
    await until(() => this.#refused || this.#book.backlog < MAX_BACKLOG, BACKLOG_WAIT_MS);
    if (this.#refused) return;
    const n = this.#book.next();
    try {
      await this.#feeder.send(this.#names.inputs, `input ${n}`, { properties: { n } });
      this.#book.settled(n, "confirmed");
    } catch (reason) {
      if (this.#refused) return;
      this.#rejections.note(reason);
      const inDoubt = reason instanceof Error && "code" in reason && reason.code === "SEND_IN_DOUBT";
      this.#book.settled(n, inDoubt ? "in doubt" : "rejected");
    }
  }

  async #transform(message: ReceivedMessage, transaction: ProcessContext["transaction"]): Promise<void> {
    const n = numberOf(message);
    this.#book.handled(n);
    this.#lastAtMs = performance.now();
    await transaction?.send(this.#names.outputs, `output ${n}`, { properties: { n } });
  }

  /** Artemis cannot accept inside a transaction over STOMP, and the library says so. Any other error is a fault. */
  #noteFailure(reason: unknown): void {
    const { product, protocol } = this.#context;
    this.#refused = reason instanceof UnsupportedError && product === "artemis" && protocol === "stomp";
    if (!this.#refused) {
      this.#rejections.note(reason);
      return;
    }
    this.#rejections.counts["UNSUPPORTED"] = 1;
    for (const connection of [this.#feeder, this.#transformer]) void connection.close();
  }
}

function numberOf({ properties }: ReceivedMessage): number {
  return Number(properties["n"]);
}
