/** What `check --connect` finds out about the groups of a link by asking their brokers. */
import type { FindingDetails } from "../../config/config-document.ts";
import type { BridgeLink } from "../config/bridge-config.ts";
import { parsePattern } from "../routing/pattern.ts";
import { keepsMessagesEncoded } from "./native-transformer.ts";
import { QueueDepths } from "./queue-depth.ts";
import type { WatchedGroup } from "./watched-group.ts";

/**
 * Resolves with whether the bridge would notice messages that the source cannot deliver: by queue depths, or by
 * browsing over STOMP. Never rejects.
 */
export async function stuckUnseen(
  name: string,
  link: BridgeLink,
  source: WatchedGroup,
  browseUri: string | undefined,
): Promise<FindingDetails[]> {
  const sources = [...(link.include ?? []), ...(link.static ?? [])].map(parsePattern);
  if (!sources.some(({ kind }) => kind === "queue")) return [];
  const path = ["links", name, "from"];
  const severity = "info" as const;
  const hidden = "a message that the source cannot encode eats the link's credit without a word";
  const found: FindingDetails[] = [];
  const isClassic = source.connection.broker?.product === "activemq";
  if (isClassic && sources.some(({ kind, hasWildcard }) => kind === "queue" && hasWildcard))
    found.push({
      code: "STUCK_UNSEEN",
      severity,
      path,
      message: `${name}: ${hidden}, and in queues that a wildcard stands for this cannot be seen`,
      advice: "Name the queues that matter",
    });
  const reason = await new QueueDepths(source).whyNot();
  if (reason === undefined || (isClassic && browseUri !== undefined)) return found;
  const message = `${name}: ${hidden}, and this cannot be seen: ${reason}`;
  const advice = isClassic ? `Do that, or give groups.${link.from} a browseUri over STOMP` : "Do that";
  return [...found, { code: "STUCK_UNSEEN", severity, path, message, advice }];
}

/**
 * Resolves with whether STOMP and OpenWire consumers of the target could read messages that arrive over AMQP. Never
 * rejects.
 */
export async function nativeTarget(
  name: string,
  { to }: BridgeLink,
  target: WatchedGroup,
  timeoutMs: number,
): Promise<FindingDetails[]> {
  if (!(await keepsMessagesEncoded(target, timeoutMs))) return [];
  const message = `${name}: the AMQP connector of ${to} keeps messages as they are encoded: its STOMP and OpenWire consumers are handed bytes of AMQP`;
  const advice = "Set transport.transformer=jms in the uri of the broker's AMQP transportConnector";
  return [{ code: "NATIVE_TRANSFORMER", severity: "warning", path: ["links", name, "to"], message, advice }];
}
