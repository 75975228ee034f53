/**
 * Asks Artemis about its queues by messages to its management address. The user needs the permission `manage` there.
 */
import type { WatchedGroup } from "./watched-group.ts";

const ADDRESS = "queue://activemq.management";
const TIMEOUT_MS = 5_000;
const PAGE = 500;
/** The most pages of rows that are read; further rows are left out. */
const MAX_PAGES = 40;
/** A list with this many rows may be incomplete. */
export const MAX_ROWS = PAGE * MAX_PAGES;

/** A row of a list; every value is a text. */
export type ArtemisRow = Readonly<Record<string, string>>;

export interface ArtemisQueue {
  readonly name: string;
  readonly address: string;
  readonly messages: number;
  /** Messages that consumers have and have not settled. */
  readonly delivering: number;
  readonly scheduled: number;
  readonly consumers: number;
  /** Whether messages sent to queues arrive in it; false for the queues of topic subscriptions. */
  readonly anycast: boolean;
  readonly temporary: boolean;
}

/**
 * Resolves with the result of a management operation, usually JSON. Rejects when the broker refuses it or does not
 * answer within 5 s.
 */
export async function askArtemis(
  { connection, protocol }: Pick<WatchedGroup, "connection" | "protocol">,
  operation: string,
  parameters: readonly unknown[],
): Promise<string> {
  const reply = await connection.request(ADDRESS, JSON.stringify(parameters), {
    persistent: false,
    timeoutMs: TIMEOUT_MS,
    // Over AMQP the reply goes to a temporary queue, so that no queue is left behind.
    ...(protocol === "amqp" && { temporary: true }),
    properties: { _AMQ_ResourceName: "broker", _AMQ_OperationName: operation },
  });
  const [result] = JSON.parse(reply.bytes().toString("utf8")) as unknown[];
  // Over STOMP every property is a text.
  if (String(reply.properties["_AMQ_OperationSucceeded"]) === "true") return String(result);
  throw new Error(`Artemis refuses ${operation}: ${String(result).slice(0, 500)}`);
}

/** Resolves with all queues of the broker, or with the queue of this name. Rejects when the broker refuses. */
export async function artemisQueues(group: WatchedGroup, name?: string): Promise<ArtemisQueue[]> {
  return (await artemisRows(group, "listQueues", name)).map(queueOf);
}

/** Resolves with the rows of a list, all of them or those of one name. Rejects when the broker refuses. */
export async function artemisRows(
  group: Pick<WatchedGroup, "connection" | "protocol">,
  operation: "listQueues" | "listConsumers",
  name?: string,
): Promise<ArtemisRow[]> {
  const filter =
    name === undefined ? { field: "", operation: "", value: "" } : { field: "name", operation: "EQUALS", value: name };
  const found: ArtemisRow[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const text = await askArtemis(group, operation, [JSON.stringify(filter), page, PAGE]);
    const { data, count } = JSON.parse(text) as {
      readonly data: readonly ArtemisRow[];
      readonly count: number;
    };
    found.push(...data);
    if (data.length < PAGE || page * PAGE >= count) break;
  }
  return found;
}

function queueOf(row: ArtemisRow): ArtemisQueue {
  return {
    name: row["name"] ?? "",
    address: row["address"] ?? "",
    messages: Number(row["messageCount"]),
    delivering: Number(row["deliveringCount"]),
    scheduled: Number(row["scheduledCount"]),
    consumers: Number(row["consumerCount"]),
    anycast: row["routingType"] === "ANYCAST",
    temporary: row["temporary"] === "true" || row["internalQueue"] === "true",
  };
}
