/** Sends what cannot be forwarded to the source's dead letter queue, with the reason. */
import type { Connection } from "../../messaging/connection/connection.ts";
import { formatDestination, parseDestination } from "../../messaging/messages/destination.ts";
import { passSections } from "../../messaging/messages/encoded-sections.ts";
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";
import type { Delivery, SettleResult } from "../../messaging/receiving/deliveries/delivery.ts";
import type { SendOptions } from "../../messaging/sending/call-options.ts";
import type { Protocol } from "../routing/message-identity.ts";
import { idAtTarget, identityOf } from "../routing/message-identity.ts";
import { FIRST_ID_PROPERTY, ORIGIN_PROPERTY, REASON_PROPERTY } from "../routing/path.ts";
import { type PassedBody, plainBody, sectionsIn } from "./passed-body.ts";

export interface DeadLetterDeps {
  readonly source: Connection;
  readonly protocol: Protocol;
  readonly link: string;
  readonly group: string;
  /** From the configuration; by default the broker's own. */
  readonly queue: string | undefined;
}

/** The longest reason, which is stored in a property. */
const MAX_REASON = 1000;

/**
 * Sends a copy with the reason, the origin and every property to the dead letter queue and accepts the message: a
 * broker's own rejection would lose the reason (measured). If the copy is refused, the message is rejected instead.
 */
export async function deadLetter(
  delivery: Delivery,
  code: string,
  reason: string,
  deps: DeadLetterDeps,
): Promise<SettleResult> {
  const { source, protocol, link, group } = deps;
  const { message } = delivery;
  const said = `${code}: ${reason}`.replace(/\s+/g, " ").slice(0, MAX_REASON);
  const to = deadLetterQueue(deps);
  const identity = identityOf(message, protocol);
  const { correlationId, groupId, type } = message;
  const { body, sections } = keptBody(message);
  const firstId = message.properties[FIRST_ID_PROPERTY] ?? identity;
  const options: SendOptions = {
    properties: {
      ...(sections ? {} : Object.fromEntries(Object.entries(message.properties).filter(([name]) => isKept(name)))),
      [ORIGIN_PROPERTY]: message.destination ?? "",
      [REASON_PROPERTY]: said,
      // What it is found by, and nothing drops a copy for.
      ...(firstId !== undefined && { [FIRST_ID_PROPERTY]: firstId }),
    },
    ...(identity !== undefined && {
      id: idAtTarget({ group, link, source: `${message.destination} dead` }, identity),
    }),
    ...(correlationId !== undefined && { correlationId }),
    ...(groupId !== undefined && { groupId }),
    ...(type !== undefined && { type }),
  };
  if (sections) passSections(options, sections);
  try {
    await source.send(to, body, options);
  } catch {
    return delivery.reject(said);
  }
  return delivery.accept();
}

/** `queue://NAME` */
export function deadLetterQueue({ source, queue }: Pick<DeadLetterDeps, "source" | "queue">): string {
  return formatDestination(parseDestination(queue ?? ownQueue(source.broker?.product)));
}

function ownQueue(product: string | undefined): string {
  return product === "artemis" ? "queue://DLQ" : "queue://ActiveMQ.DLQ";
}

/** A body that only AMQP can carry stays unchanged. */
function keptBody(message: ReceivedMessage): PassedBody {
  try {
    const sections = sectionsIn(message);
    if (!sections) return { body: plainBody(message), sections };
    const applicationProperties = sections.applicationProperties.filter(([name]) => isKept(name));
    return { body: sections.body, sections: { ...sections, applicationProperties } };
  } catch {
    return { body: plainBody(message), sections: undefined };
  }
}

/** Leaves out the broker's own names, and the duplicate id, which would make the broker drop the copy. */
function isKept(name: string): boolean {
  return !name.startsWith("_AMQ_") && !name.startsWith("JMS_AMQP_") && name !== FIRST_ID_PROPERTY;
}
