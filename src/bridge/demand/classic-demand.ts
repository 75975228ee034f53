/**
 * Demand on Classic, read from its advisories. A new subscription is told of every existing consumer, then of each
 * change.
 */
import { settledOr } from "../../async/timer.ts";
import { textOf } from "../../errors/text-of.ts";
import type { Consumer } from "../../messaging/receiving/consuming/consumer.ts";
import { ADVISORIES, type Advisory, ClassicLedger, isReadable } from "./classic-ledger.ts";
import type { DemandSession, DemandSessionDeps } from "./demand-session.ts";

/** A topic that we consume so that Classic must announce our own consumer. No wildcard of a link forwards it. */
const PROBE = "masterslave.demand";
const PROBE_MS = 5_000;

export function classicDemand({
  connection,
  protocol,
  isRelevant,
  onChange,
  onFailed,
  onUnreadable,
}: DemandSessionDeps): DemandSession {
  const ledger = new ClassicLedger(isRelevant);
  const advisories = connection.consume(`topic://${ADVISORIES}>`, { prefetch: 1_000 });
  const probe = connection.consume(`topic://${PROBE}`, { prefetch: 1 });
  let isProven = false;
  let prove = () => {};
  const proven = new Promise<void>((resolve) => {
    prove = resolve;
  });
  const reading = read(advisories, (advisory) => {
    if (!ledger.apply(advisory)) return onUnreadable();
    // Classic announces earlier consumers before this one, so now all of them are known.
    isProven ||= advisory.destination === `topic://${ADVISORIES}Topic.${PROBE}` && isReadable(advisory);
    if (isProven) prove();
    onChange();
  });
  reading.catch((thrown: unknown) => onFailed(textOf(thrown)));
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

/** Resolves when the consumer is closed. Rejects when the broker ends it, or announces more consumers than are kept. */
async function read(consumer: Consumer, apply: (advisory: Advisory) => void): Promise<void> {
  for await (const delivery of consumer) {
    void delivery.accept().catch(() => {});
    apply(delivery.message);
  }
}

function silence(protocol: string): string {
  const often = protocol === "stomp" ? ", or xstream and jettison are missing, which write them for STOMP" : "";
  return `Classic announced no consumer of ours within ${PROBE_MS / 1000} s: its advisories are off (advisorySupport)${often}`;
}
