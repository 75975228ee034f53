/**
 * Demand on Artemis: its notifications report changes, and its management address is asked once for the consumers that
 * existed before.
 */
import { textOf } from "../../errors/text-of.ts";
import { artemisRows, askArtemis, MAX_ROWS } from "../watch/artemis-management.ts";
import { type ArtemisAnswers, ArtemisLedger } from "./artemis-ledger.ts";
import type { DemandSession, DemandSessionDeps } from "./demand-session.ts";

const NOTIFICATIONS = "topic://activemq.notifications";
const TYPES = ["CONSUMER_CREATED", "CONSUMER_CLOSED", "BINDING_ADDED", "BINDING_REMOVED"];
const SELECTOR = TYPES.map((type) => `_AMQ_NotifType = '${type}'`).join(" OR ");
/** The most notifications that are kept while the answers of the management address are awaited. */
const MAX_WAITING = 10_000;

export function artemisDemand(deps: DemandSessionDeps): DemandSession {
  const { connection, isRelevant, onChange, onFailed } = deps;
  const ledger = new ArtemisLedger(isRelevant);
  const notifications = connection.consume(NOTIFICATIONS, { prefetch: 1_000, selector: SELECTOR });
  /** Notifications that arrived before the answers; undefined once the answers are there. */
  let waiting: Readonly<Record<string, unknown>>[] | undefined = [];
  const read = async () => {
    for await (const delivery of notifications) {
      void delivery.accept().catch(() => {});
      const { properties } = delivery.message;
      if (!waiting) ledger.apply(properties);
      else if (waiting.push(properties) > MAX_WAITING)
        throw new Error(`more than ${MAX_WAITING} consumers came and went while Artemis was asked for them`);
      if (!waiting) onChange();
    }
  };
  const reading = read();
  reading.catch((thrown: unknown) => onFailed(textOf(thrown)));
  const ask = async () => {
    await Promise.race([notifications.ready, reading]);
    ledger.begin(await askForAll(deps));
    for (const properties of waiting ?? []) ledger.apply(properties);
    waiting = undefined;
  };
  const ready = ask();
  ready.catch(() => {});
  return { ready, demanded: () => ledger.demanded(), close: () => notifications.close() };
}

async function askForAll(group: DemandSessionDeps): Promise<ArtemisAnswers> {
  const [consumers, identities, queues] = await Promise.all([
    artemisRows(group, "listConsumers"),
    askArtemis(group, "listAllConsumersAsJSON", []),
    artemisRows(group, "listQueues"),
  ]);
  if (consumers.length >= MAX_ROWS || queues.length >= MAX_ROWS)
    throw new Error(`Artemis has more than ${MAX_ROWS} consumers or queues: not all of them were asked for`);
  return { consumers, identities: JSON.parse(identities) as ArtemisAnswers["identities"], queues };
}
