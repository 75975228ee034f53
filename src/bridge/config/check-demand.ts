/** Checks the settings for demand, and those for several processes of which one is active, before anything connects. */
import type { FindingDetails } from "../../config/config-document.ts";
import type { DestinationPattern } from "../routing/pattern.ts";
import type { BridgeLink } from "./bridge-config.ts";

type Path = FindingDetails["path"];

function collect(path: Path) {
  const found: FindingDetails[] = [];
  const add = (code: string, key: string, message: string, advice: string, severity: "error" | "warning" = "error") =>
    found.push({ code, severity, path: [...path, key], message, advice });
  return { found, add };
}

export function checkDemand(link: BridgeLink, path: Path): FindingDetails[] {
  const { demand, duplex, until, include, from, to, returnWhenNoConsumers } = link;
  const { found, add } = collect(path);
  if (!demand) {
    const keys = ["demandUnavailable", "durableDemand", "returnWhenNoConsumers"] as const;
    for (const key of keys)
      if (link[key] !== undefined && link[key] !== false)
        add("WITHOUT_DEMAND", key, `${key} is about demand, which the link does not have`, "Add demand: true");
    return found;
  }
  if (from === to) add("DEMAND_MOVE", "demand", "a move inside one group has no other side", "Remove demand");
  if (until === "empty")
    add("DEMAND_EMPTY", "until", "what nobody wants stays: the source never gets empty", "Remove until, or demand");
  if (include === undefined)
    add("DEMAND_STATIC", "demand", "static destinations are forwarded in any case", "Remove demand", "warning");
  if (returnWhenNoConsumers && !duplex)
    add("RETURN_ONE_WAY", "returnWhenNoConsumers", "the link has no way back", "Add duplex: true");
  return found;
}

export function checkExclusive(
  { exclusive, durable, concurrency = 1 }: BridgeLink,
  sources: readonly DestinationPattern[],
  path: Path,
): FindingDetails[] {
  const { found, add } = collect(path);
  if (!exclusive) return found;
  const topics = sources.filter(({ kind }) => kind === "topic");
  if (topics.length > 0 && !durable)
    add(
      "EXCLUSIVE_TOPIC",
      "exclusive",
      `each process gets every message of topic://${topics[0]?.name}: nothing makes one of them stand by`,
      "Add durable: true, or give the topics a link of their own that one process runs",
    );
  if (topics.length > 0 && topics.length < sources.length)
    add(
      "EXCLUSIVE_MIXED",
      "exclusive",
      "queues and topics have different means for it: one process could be active for the queues and another for the topics",
      "Give the topics a link of their own",
    );
  if (concurrency > 1)
    add(
      "EXCLUSIVE_CONCURRENCY",
      "concurrency",
      "an exclusive link has one consumer of each queue that is served",
      "Remove concurrency, or exclusive",
    );
  return found;
}
