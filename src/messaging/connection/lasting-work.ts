/** What a connection keeps while its sessions come and go: sends, consumers, requests and transactions. */
import { WorkScope } from "../../async/work-scope.ts";
import { CurrentSession } from "../port/current-session.ts";
import { Consumers, type ConsumersHooks } from "../receiving/consuming/consumers.ts";
import type { RecoveryDeps } from "../recovery/session-recovery.ts";
import { Requests } from "../requests/requests.ts";
import { PendingSends } from "../sending/pending-sends.ts";
import { Transactions } from "../transactions/transactions.ts";
import type { ConnectionSettings } from "./connection-parts.ts";

/** What these parts ask of their connection. */
export interface LastingWorkHooks extends Omit<ConsumersHooks, "transact" | "work"> {
  /** Sends the requests. */
  readonly send: ConstructorParameters<typeof Requests>[1];
}

export function createLastingWork(settings: ConnectionSettings, { send, ...hooks }: LastingWorkHooks): RecoveryDeps {
  const sessions = new CurrentSession();
  const work = new WorkScope();
  const transactions = new Transactions(sessions, settings, work.inner());
  const consumers = new Consumers(settings, sessions, { ...hooks, work, transact: transactions.transact });
  const requests = new Requests(consumers, send, settings);
  return { sends: new PendingSends(settings, sessions), consumers, requests, transactions, sessions, work };
}
