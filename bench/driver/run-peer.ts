/**
 * The main function of every peer's process: reads one workload from standard input, carries it out, prints one line of
 * JSON, and exits.
 */
import { text } from "node:stream/consumers";
import { type BenchPeer, fail, type SendTerms } from "./bench-peer.ts";
import { Meter } from "./meter.ts";
import { type SendSpan, sendLoop } from "./send-loop.ts";
import type { Measurement, Workload, WorkloadKind } from "./workload.ts";

/** The share of the messages of `receive` that are warm-up. */
const WARM_UP_SHARE = 0.2;
/** Applies to every workload: a peer that hangs is ended after this time. */
const ENDS_WITHIN_MS = 90_000;

export async function runPeer(open: (workload: Workload) => Promise<BenchPeer>): Promise<void> {
  process.on("unhandledRejection", fail);
  setTimeout(() => fail(`No result within ${ENDS_WITHIN_MS} ms`), ENDS_WITHIN_MS);
  const workload = JSON.parse(await text(process.stdin)) as Workload;
  const peer = await open(workload);
  console.log(JSON.stringify(await WORK[workload.kind](peer, workload)));
  // The connection is not closed, because closing is not part of any question.
  process.exit();
}

const WORK: Readonly<Record<WorkloadKind, (peer: BenchPeer, workload: Workload) => Promise<Measurement>>> = {
  send: (peer, workload) => measureSends(workload, (terms) => sendAll(peer, terms)),
  request(peer, workload) {
    const { request } = peer;
    if (!request) throw new Error("This peer makes no requests");
    return measureSends(workload, (terms) => sendLoop(request, terms));
  },
  receive: measureReceipt,
  both: measureBoth,
};

async function measureSends(
  { window, measureMs, warmUpMs }: Workload,
  send: (terms: SendTerms) => Promise<SendSpan>,
): Promise<Measurement> {
  const warmUp = await send({ window, ms: warmUpMs });
  const meter = new Meter();
  const { confirmed, latenciesMs } = await send({ window, ms: measureMs });
  return meter.read(confirmed, confirmed + warmUp.confirmed, latenciesMs);
}

async function sendAll(peer: BenchPeer, terms: SendTerms): Promise<SendSpan> {
  if (peer.sendFor && terms.window > 1) return { confirmed: await peer.sendFor(terms), latenciesMs: [] };
  return sendLoop((done) => peer.send(done), terms);
}

function measureReceipt(peer: BenchPeer, { messages }: Workload): Promise<Measurement> {
  const warmUp = Math.floor(messages * WARM_UP_SHARE);
  return new Promise((resolve) => {
    let received = 0;
    let meter: Meter | undefined;
    receiveAt(peer, () => {
      received += 1;
      if (received === warmUp) meter = new Meter();
      if (received === messages && meter) resolve(meter.read(messages - warmUp, 0));
    });
  });
}

/** Like `send`, while a consumer of the same connection takes the sent messages; over when it has all of them. */
async function measureBoth(peer: BenchPeer, { window, measureMs, warmUpMs }: Workload): Promise<Measurement> {
  let received = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let all: (() => void) | undefined;
  receiveAt(peer, () => {
    received += 1;
    if (received >= wanted) all?.();
  });
  const send = async (ms: number, before: number) => {
    wanted = Number.POSITIVE_INFINITY;
    const { confirmed } = await sendLoop((done) => peer.send(done), { window, ms });
    wanted = before + confirmed;
    if (received < wanted) await new Promise<void>((resolve) => (all = resolve));
    return confirmed;
  };
  const warmUp = await send(warmUpMs, 0);
  const meter = new Meter();
  return meter.read(await send(measureMs, warmUp), 0);
}

function receiveAt(peer: BenchPeer, took: () => void): void {
  if (!peer.receive) throw new Error("This peer receives nothing");
  peer.receive(took);
}
