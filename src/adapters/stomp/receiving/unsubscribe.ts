/** Deletes a durable subscription. */
import { formatAddress, SubscriptionRefusedError } from "../../../errors/errors.ts";
import type { NamedSubscription } from "../../../messaging/port/messaging-session.ts";
import { saysInUse } from "../opening/refusal.ts";
import type { Wire } from "../sending/wire.ts";
import { deletionHeaders } from "./subscribe-headers.ts";

/**
 * Artemis's whole answer if a consumer reads the subscription. It silently accepts the deletion of one that does not
 * exist.
 */
const NOT_DELETED = /AMQ339017/;

/** Resolves when the broker has deleted it; rejects as described for MessagingSession.unsubscribe. */
export async function unsubscribe(wire: Wire, subscription: NamedSubscription): Promise<void> {
  const { peer } = wire;
  const headers = deletionHeaders(subscription, peer);
  await new Promise<void>((resolve, reject) => {
    wire.request("UNSUBSCRIBE", headers, {
      onReceipt: () => resolve(),
      onRefused: (refusal) => {
        const { text, cause } = refusal;
        const { endpoint } = peer;
        const inUse = saysInUse(refusal) || refusal.says(NOT_DELETED);
        const hint = inUse ? ". A consumer still reads it, here or elsewhere: close that first" : "";
        const why = `${formatAddress(endpoint)} did not delete the subscription "${subscription.name}": ${text}${hint}`;
        reject(new SubscriptionRefusedError(why, { endpoint, cause, retryable: inUse }));
      },
      onSessionEnd: reject,
    });
  });
}
