/** One call of a handler for one delivery, followed by the acceptance of the message, alone or in a transaction. */
import { MasterSlaveError, UnsupportedError } from "../../../errors/errors.ts";
import { isInstance } from "../../../errors/text-of.ts";
import type { Delivery } from "../deliveries/delivery.ts";
import { HandlerCall, type ProcessMessage } from "./process-context.ts";
import type { Transact } from "./transact.ts";

/** Why a handler failed. */
export interface Failure {
  readonly reason: unknown;
  /** Whether the handler had settled the delivery itself before it failed. */
  readonly settled?: boolean;
}

/**
 * Calls the handler for the nth time. Resolves with the failure, if there is one; rejects if the message could not be
 * accepted.
 */
export type Attempt = (delivery: Delivery, nth: number) => Promise<Failure | undefined>;

/**
 * Thrown by a handler of this package when its transaction cannot be committed: called again, the handler takes a
 * different path.
 */
export class RunAgain extends Error {}

const COMES_AGAIN: ReadonlySet<string> = new Set(["TRANSACTION_INTERRUPTED", "TRANSACTION_IN_DOUBT", "STALE_DELIVERY"]);

export function attemptAndAccept(handler: ProcessMessage): Attempt {
  return async (delivery, nth) => {
    const call = new HandlerCall(delivery, nth, undefined);
    try {
      await handler(delivery.message, call);
    } catch (reason) {
      return { reason, settled: !delivery.unsettled };
    } finally {
      call.over();
    }
    if (delivery.unsettled) await delivery.accept();
    return undefined;
  };
}

export function attemptInTransaction(handler: ProcessMessage, transact: Transact): Attempt {
  const attempt: Attempt = async (delivery, nth) => {
    let call: HandlerCall | undefined;
    try {
      await transact(async (transaction) => {
        call = new HandlerCall(delivery, nth, transaction);
        await handler(delivery.message, call);
        if (delivery.unsettled) await transaction.accept(delivery);
      });
      return undefined;
    } catch (reason) {
      // The broker cannot do this at all. The program must learn of it; retrying the message would not help.
      if (isInstance(reason, UnsupportedError)) throw reason;
      const again = isInstance(reason, RunAgain);
      if (again && delivery.origin.holds(delivery)) return await attempt(delivery, nth);
      // Interrupted or in doubt: if the transaction was not committed, the message comes again.
      const lost = again || (isInstance(reason, MasterSlaveError) && COMES_AGAIN.has(reason.code));
      if (!lost || delivery.origin.holds(delivery)) return { reason };
      // Its duplicate may have arrived already and wait for it.
      delivery.origin.leave(delivery);
      return undefined;
    } finally {
      call?.over();
    }
  };
  return attempt;
}
