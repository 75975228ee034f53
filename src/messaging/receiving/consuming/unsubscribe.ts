/** Deletes a durable subscription, on whichever session answers. */

import { startDeadline, type WaitOptions } from "../../../async/deadline.ts";
import { AbortError, InvalidArgumentError } from "../../../errors/errors.ts";
import { checkFlags, checkTimeout, readOptions } from "../../messages/argument-checks.ts";
import type { CurrentSession } from "../../port/current-session.ts";
import { checkSubscriptionName, requireClientId } from "./consume-options.ts";
import type { Consumers } from "./consumers.ts";

export interface UnsubscribeOptions extends WaitOptions {
  /** Whether several connections share the subscription; false by default. */
  readonly shared?: boolean | undefined;
}

/** Implements Connection.unsubscribe. */
export async function unsubscribe(
  name: string,
  given: UnsubscribeOptions,
  parts: { readonly clientId: string | undefined; readonly consumers: Consumers; readonly sessions: CurrentSession },
): Promise<void> {
  const options = readOptions("unsubscribe", given, ["shared", "timeoutMs", "signal"]);
  const { shared = false, timeoutMs } = options;
  checkFlags({ shared });
  checkSubscriptionName(name);
  checkTimeout(timeoutMs);
  if (!shared) requireClientId(name, parts.clientId);
  if (parts.consumers.has(name, shared)) {
    const text = `The subscription "${name}" is being consumed by this connection: close the consumer first`;
    throw new InvalidArgumentError(text);
  }
  const late = () => new AbortError(`The subscription "${name}" was not deleted within ${timeoutMs} ms`, undefined);
  const deadline = startDeadline("unsubscribe()", options, late);
  try {
    await parts.sessions.untilAnswered("unsubscribe()", deadline.signal, ({ session }) =>
      session.unsubscribe({ name, durable: true, shared }),
    );
  } finally {
    deadline.release();
  }
}
