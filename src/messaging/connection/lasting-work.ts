/** What a connection keeps while its sessions come and go: sends, consumers, requests and transactions. */
import { WorkScope } from "../../async/work-scope.ts";
import { DestinationFigures } from "../messages/destination-figures.ts";
import { CurrentSession } from "../port/current-session.ts";
import { Consumers, type ConsumersHooks } from "../receiving/consuming/consumers.ts";
import type { RecoveryDeps } from "../recovery/session-recovery.ts";
import { Requests } from "../requests/requests.ts";
import { PendingSends } from "../sending/pending-sends.ts";
import { Transactions } from "../transactions/transactions.ts";
import type { ConnectionSettings } from "./connection-parts.ts";

/** What these parts ask of their connection. */
export interface LastingWorkHooks extends Omit<ConsumersHooks, "transact" | "work" | "figures"> {
  /** Sends the requests. */
  readonly send: ConstructorParameters<typeof Requests>[1];
}

/** What lives across sessions, and its figures. */
export interface LastingWork extends RecoveryDeps {
  readonly figures: DestinationFigures;
}

export function createLastingWork(settings: ConnectionSettings, { send, ...hooks }: LastingWorkHooks): LastingWork {
  const sessions = new CurrentSession();
  const figures = new DestinationFigures();
  const work = new WorkScope();
  const transactions = new Transactions(sessions, settings, work.inner());
  const consumers = new Consumers(settings, sessions, { ...hooks, work, figures, transact: transactions.transact });
  const requests = new Requests(consumers, send, settings);
  const sends = new PendingSends(settings, sessions, figures);
  return { sends, consumers, requests, transactions, sessions, work, figures };
}
