/**
 * A broker must not connect to a member of its own group, and neither must a bridge. Only a move within one group, to
 * other names, is allowed.
 */
import type { FindingDetails } from "../../config/config-document.ts";
import { type EndpointAddress, formatAddress } from "../../errors/errors.ts";
import { formatDestination } from "../../messaging/messages/destination.ts";
import { formatPattern, patternsOverlap } from "../routing/pattern.ts";
import type { GroupUris } from "./check-groups.ts";
import type { ReadLink } from "./read-link.ts";

/** The findings about a link whose ends are one group, by name or by a common endpoint. */
export function ownGroup({ name, link, sources, renames }: ReadLink, uris: GroupUris): FindingDetails[] {
  const { from, to, duplex } = link;
  const path = ["links", name];
  const found = (key: string, message: string, advice: string) => [
    { code: "OWN_GROUP", path: [...path, key], message, advice },
  ];
  if (from !== to) {
    const shared = sharedEndpoint(uris.get(from)?.endpoints ?? [], uris.get(to)?.endpoints ?? []);
    if (!shared) return [];
    const message = `the groups ${from} and ${to} share the endpoint ${formatAddress(shared)}: they are one group`;
    return found("to", message, `Name the other group, or write from: ${from}, to: ${from} with renames for a move`);
  }
  if (duplex) return found("duplex", `the link goes from ${from} to itself in both directions`, "Remove duplex");
  const kept = sources.find(
    (source) => !renames.some((rename) => formatPattern(rename.from) === formatPattern(source)),
  );
  if (kept) {
    const message = `the link goes from ${from} to itself and does not rename ${formatPattern(kept)}`;
    return found("to", message, `Add a rename whose from is ${formatPattern(kept)}, or name another group`);
  }
  const back = renames.find(({ to: target }) =>
    sources.some((source) => overlapsTarget(source, target.kind, target.name)),
  );
  if (!back) return [];
  const message = `the link takes what it has moved to ${formatDestination(back.to)} again`;
  return found("rename", message, "Rename to a destination that the link does not include");
}

function overlapsTarget(source: Parameters<typeof patternsOverlap>[0], kind: string, name: string): boolean {
  const words = name.split(".").map((word) => (word.includes("$") ? "*" : word));
  const target = { kind: kind as "queue" | "topic", name, words, hasWildcard: true };
  return patternsOverlap(source, target);
}

/** The first endpoint that both lists contain, whatever its protocol: host and port identify the broker. */
function sharedEndpoint(
  one: readonly EndpointAddress[],
  other: readonly EndpointAddress[],
): EndpointAddress | undefined {
  const key = ({ host, port }: EndpointAddress) => `${host.toLowerCase()}:${port}`;
  const known = new Set(other.map(key));
  return one.find((endpoint) => known.has(key(endpoint)));
}
