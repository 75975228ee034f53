/** The outcome of a send that the broker did not accept. */
import type { AmqpError } from "rhea";
import { type EndpointAddress, formatAddress, SendNotStoredError, SendRejectedError } from "../../../errors/errors.ts";
import { formatDestination } from "../../../messaging/messages/destination.ts";
import type { OutgoingSend, SendOutcome } from "../../../messaging/port/messaging-session.ts";
import { describeCondition, isRetryable } from "../opening/failures.ts";
import type { SessionDeps } from "../opening/session-deps.ts";

/** The error for `rejected` or a refused link. `inDoubt`: the send was written before its link ended. */
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

/** `what` names what the broker did instead of storing the message: `released`, `modified`, or no outcome. */
export function notStored(
  { message, destination }: OutgoingSend,
  endpoint: EndpointAddress,
  what: string,
): SendOutcome {
  const where = `${formatDestination(destination)} on ${formatAddress(endpoint)}`;
  const text = `${where} did not store message ${message.id}: the broker ${what}`;
  return { kind: "failed", error: new SendNotStoredError(text, { id: message.id, endpoint }) };
}
