/** Demand on Classic, by its advisories. A subscription is told of every consumer that is there already, then of each change. */
import { settledOr } from "../../async/timer.ts";
import type { Consumer } from "../../messaging/receiving/consuming/consumer.ts";
import { ADVISORIES, type Advisory, ClassicLedger } from "./classic-ledger.ts";
import { type DemandSession, type DemandSessionDeps, reasonOf } from "./demand-session.ts";

/** A consumer of our own on it must be announced; its name is on the list of what no wildcard forwards. */
const PROBE = "masterslave.demand";
const PROBE_MS = 5_000;

export function classicDemand({
  connection,
  protocol,
  isRelevant,
  onChange,
  onFailed,
}: DemandSessionDeps): DemandSession {
  const ledger = new ClassicLedger(isRelevant);
  const advisories = connection.consume(`topic://${ADVISORIES}>`, { prefetch: 1_000 });
  const probe = connection.consume(`topic://${PROBE}`, { prefetch: 1 });
  let isProven = false;
  let prove = () => {};
  const proven = new Promise<void>((resolve) => {
    prove = resolve;
  });
  const reading = read(advisories, ledger, ({ destination }) => {
    // What was there before the probe was told before it.
    isProven ||= destination === `topic://${ADVISORIES}Topic.${PROBE}`;
    if (isProven) prove();
    onChange();
  });
  reading.catch((thrown: unknown) => onFailed(reasonOf(thrown)));
  const ask = async () => {
    await Promise.race([advisories.ready, reading]);
    await probe.ready;
    await settledOr(PROBE_MS, proven);
    await probe.close();
    if (!isProven) throw new Error(silence(protocol));
  };
  const ready = ask();
  ready.catch(() => {});
  return {
    ready,
    demanded: () => ledger.demanded(),
    close: async () => void (await Promise.all([advisories.close(), probe.close()])),
  };
}

/** Resolves when the consumer is closed; rejects when the broker ends it, or tells of too much. */
async function read(consumer: Consumer, ledger: ClassicLedger, onRead: (advisory: Advisory) => void): Promise<void> {
  for await (const delivery of consumer) {
    void delivery.accept().catch(() => {});
    ledger.apply(delivery.message);
    onRead(delivery.message);
  }
}

function silence(protocol: string): string {
  const often = protocol === "stomp" ? ", or xstream and jettison are missing, which write them for STOMP" : "";
  return `Classic announced no consumer of ours within ${PROBE_MS / 1000} s: its advisories are off (advisorySupport)${often}`;
}
