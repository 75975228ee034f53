/** One call of a handler for one delivery, followed by the acceptance of the message, alone or in a transaction. */
import { MasterSlaveError, UnsupportedError } from "../../../errors/errors.ts";
import { isInstance } from "../../../errors/text-of.ts";
import type { Delivery } from "../deliveries/delivery.ts";
import { HandlerCall, type ProcessMessage } from "./process-context.ts";
import type { Transact } from "./transact.ts";

/** Why a call of a handler did not end with the acceptance of its message. */
export interface Failure {
  readonly reason: unknown;
  /**
   * What has already become of the message; undefined for a failure that counts. `settled`: the handler had settled the
   * delivery itself. `void`: the handler threw after its signal had fired, and the message comes again. `undone`: the
   * handler did not fail, but the acceptance was lost with the session, and the message comes again.
   */
  readonly became?: "settled" | "void" | "undone" | undefined;
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

const UNDONE: Failure = { reason: undefined, became: "undone" };

export function attemptAndAccept(handler: ProcessMessage): Attempt {
  return async (delivery, nth) => {
    const call = new HandlerCall(delivery, nth, undefined);
    try {
      await handler(delivery.message, call);
    } catch (reason) {
      if (delivery.settledBy) return { reason, became: "settled" };
      return { reason, became: isVoid(delivery, call) ? "void" : undefined };
    } finally {
      call.over();
    }
    return delivery.unsettled && (await delivery.accept()) === "stale" ? UNDONE : undefined;
  };
}

export function attemptInTransaction(handler: ProcessMessage, transact: Transact): Attempt {
  const attempt: Attempt = async (delivery, nth) => {
    let threwVoid = false;
    try {
      await transact(async (transaction) => {
        const call = new HandlerCall(delivery, nth, transaction);
        try {
          await handler(delivery.message, call);
        } catch (reason) {
          threwVoid = isVoid(delivery, call);
          throw reason;
        } finally {
          call.over();
        }
        if (delivery.unsettled) await transaction.accept(delivery);
      });
      return undefined;
    } catch (reason) {
      // The broker cannot do this at all. The program must learn of it; retrying the message would not help.
      if (isInstance(reason, UnsupportedError)) throw reason;
      if (!isInstance(reason, RunAgain)) return failureOf(delivery, reason, threwVoid);
      return delivery.origin.holds(delivery) ? await attempt(delivery, nth) : UNDONE;
    }
  };
  return attempt;
}

/**
 * Whether a call that threw was void: its signal has fired, or would have fired if the handler had read it. The error
 * itself does not show this, because a handler that obeys the signal may throw any error.
 */
function isVoid(delivery: Delivery, call: HandlerCall): boolean {
  return call.signal.aborted || delivery.stale;
}

/** Returns what the failure of a transaction means for its message. */
function failureOf(delivery: Delivery, reason: unknown, threwVoid: boolean): Failure {
  if (delivery.settledBy === "itself") return { reason, became: "settled" };
  // Interrupted or in doubt: if the transaction was not committed, the message comes again.
  const lost = isInstance(reason, MasterSlaveError) && COMES_AGAIN.has(reason.code);
  if (lost && !delivery.origin.holds(delivery)) return UNDONE;
  return { reason, became: threwVoid ? "void" : undefined };
}
