/** What became of a send that the broker did not accept, as its outcome. */
import type { AmqpError } from "rhea";
import { type EndpointAddress, formatAddress, SendNotStoredError, SendRejectedError } from "../../../errors/errors.ts";
import { formatDestination } from "../../../messaging/messages/destination.ts";
import type { OutgoingSend, SendOutcome } from "../../../messaging/port/messaging-session.ts";
import { describeCondition, isRetryable } from "../opening/failures.ts";
import type { SessionDeps } from "../opening/session-deps.ts";

/** `rejected`, or a refused link. `inDoubt`: it had been written before its link ended. */
export function rejection(
  { message, destination }: OutgoingSend,
  { endpoint, redact }: Pick<SessionDeps, "endpoint" | "redact">,
  error: AmqpError | undefined,
  inDoubt = false,
): SendOutcome {
  const where = `${formatDestination(destination)} on ${formatAddress(endpoint)}`;
  const text = `${where} refused message ${message.id}: ${describeCondition(error ?? {}, redact)}`;
  const retryable = isRetryable(error?.condition ?? undefined);
  return { kind: "failed", error: new SendRejectedError(text, { id: message.id, endpoint, retryable, inDoubt }) };
}

/** `what` the broker did instead of storing it: `released` and `modified`, or no outcome at all. */
export function notStored(
  { message, destination }: OutgoingSend,
  endpoint: EndpointAddress,
  what: string,
): SendOutcome {
  const where = `${formatDestination(destination)} on ${formatAddress(endpoint)}`;
  const text = `${where} did not store message ${message.id}: the broker ${what}`;
  return { kind: "failed", error: new SendNotStoredError(text, { id: message.id, endpoint }) };
}
