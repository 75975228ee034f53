/** Which parts of a message a link loses because of the products and protocols of its two sides (measured). */
import type { FindingDetails } from "../../config/config-document.ts";
import type { BridgeLink } from "../config/bridge-config.ts";
import type { OpenGroup } from "./open-group.ts";

/** Whether consumers of this group can have a priority (measured). */
export function hasPriorities({ protocol, connection }: OpenGroup): boolean {
  const product = connection.broker?.product;
  return product === "activemq" || (product === "artemis" && protocol === "amqp");
}

/**
 * Returns a warning for each part that is lost; with `strict` a warning keeps the link from starting. The product of
 * the source is known.
 */
export function lossesOf(name: string, link: BridgeLink, from: OpenGroup): FindingDetails[] {
  const found: FindingDetails[] = [];
  const path = ["links", name, "from"];
  const lose = (code: string, message: string) =>
    found.push({
      code,
      severity: "warning",
      path,
      message: `${name}: ${message}`,
      advice: `Give the group ${link.from} its AMQP ports`,
    });
  if (!hasPriorities(from)) found.push(noPriority(name, path));
  if (from.protocol !== "stomp") return found;
  const { product } = from.connection.broker ?? { product: "unknown" };
  if (product === "activemq")
    lose("LOSES_GROUPS", "over STOMP, Classic shows no group: the order of a group is not kept");
  if (product !== "masterslave-embedded") {
    lose("LOSES_TYPES", "over STOMP every property is a text");
    lose("LOSES_BODY", "over STOMP the bodies of JMS Map, Stream and Object messages arrive empty or as rubbish");
  }
  return found;
}

/** A missing priority loses no part of a message, so with `strict` the link still starts. */
function noPriority(name: string, path: FindingDetails["path"]): FindingDetails {
  const message = `${name}: consumers of the source have no priority here: the link competes with local consumers as an equal`;
  return { code: "NO_PRIORITY", severity: "info", path, message, advice: "Use AMQP, where the source is Artemis" };
}
