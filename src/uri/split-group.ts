/** Splits a URI into its scheme, its endpoints and the group's query, each with its position in the text. */

import { nearestName } from "../errors/nearest-name.ts";
import { ENDPOINT_SCHEMES } from "./endpoint.ts";
import { invalidUri, mayShow } from "./invalid-uri.ts";
import { foreignSchemeAdvice, missingGroupAdvice } from "./pasted.ts";
import { type Piece, split, trimmed } from "./read-query.ts";

const GROUP_SCHEMES = ["masterslave", "failover"] as const;
export type GroupScheme = (typeof GROUP_SCHEMES)[number];

export interface GroupText {
  /** undefined for a single plain endpoint. */
  readonly scheme: GroupScheme | undefined;
  /** The endpoints' texts, trimmed, none of them empty. */
  readonly components: readonly Piece[];
  readonly query: Piece | undefined;
}

/** Throws InvalidUriError for an unknown scheme, unbalanced parentheses, an empty endpoint, and unexpected text. */
export function splitGroup(uri: string): GroupText {
  const whole = trimmed({ text: uri, at: 0 });
  const found = /^[A-Za-z][A-Za-z0-9+.-]*(?=:)/.exec(whole.text)?.[0];
  if (found === undefined) {
    throw invalidUri(
      uri,
      whole.at,
      "A URI begins with its scheme, as in masterslave:(stomp://a:61613,stomp://b:61613)",
    );
  }
  refuseOuterPrefix(uri, whole, found);
  if (ENDPOINT_SCHEMES.some((scheme) => scheme === found)) {
    const list = missingGroupAdvice(whole.text);
    if (list !== undefined) throw invalidUri(uri, whole.at + whole.text.indexOf(","), list);
    return { scheme: undefined, components: [whole], query: undefined };
  }
  const scheme = GROUP_SCHEMES.find((known) => known === found);
  if (!scheme) throw unknownScheme(uri, whole, found);
  const marker = /^\s*(\/\/)?\s*/.exec(whole.text.slice(scheme.length + 1))?.[0] ?? "";
  const start = scheme.length + 1 + marker.length;
  return { scheme, ...splitBody(uri, { text: whole.text.slice(start), at: whole.at + start }) };
}

/** What may follow another client's prefix: `activemq:failover:(…)`, `stomp:tcp://a:61613`. */
const INNER = /^(masterslave|failover|static|discovery|fanout|tcp|ssl|nio|vm|amqps?|stomp(?:\+ssl|s)?|amqp\+ssl):/i;

/** Throws if another client's prefix, such as the name of a provider or protocol, precedes the whole URI. */
function refuseOuterPrefix(uri: string, whole: Piece, found: string): void {
  if (GROUP_SCHEMES.some((scheme) => scheme === found)) return;
  const rest = whole.text.slice(found.length + 1, found.length + 40);
  // After stomp:// comes a host, and a host or user may be called tcp.
  const endpoint = ENDPOINT_SCHEMES.some((scheme) => scheme === found);
  const inner = INNER.exec(endpoint ? rest : rest.replace(/^\/\//, ""))?.[1];
  if (inner === undefined) return;
  const prefix = found.slice(0, 30);
  const protocol = /^(stomp|amqp)/i.exec(prefix)?.[1]?.toLowerCase();
  const hint =
    protocol && /^(tcp|ssl|failover|masterslave)$/i.test(inner) ? `, and write ${protocol}:// for its endpoints` : "";
  const shown = mayShow(uri, whole.at) ? `prefix ${prefix}:` : "prefix";
  throw invalidUri(uri, whole.at, `The outer ${shown} has no meaning here; remove it: begin with ${inner}:${hint}`);
}

function unknownScheme(uri: string, whole: Piece, found: string): Error {
  const known = [...GROUP_SCHEMES, ...ENDPOINT_SCHEMES];
  const nearest = nearestName(found, known);
  const ours = /^(static|discovery|fanout)$/i.test(found)
    ? "it belongs to Java brokers and clients; write masterslave:(…) with the endpoints"
    : nearest
      ? `write ${nearest}:`
      : `known are ${known.join(", ")}`;
  const advice = foreignSchemeAdvice(uri, found) ?? ours;
  const shown = mayShow(uri, whole.at) ? `scheme ${found.slice(0, 30)}:` : "scheme";
  return invalidUri(uri, whole.at, `Unknown ${shown}; ${advice}`);
}

/** `body` is the text after `masterslave:` or `masterslave://`. */
function splitBody(uri: string, body: Piece): { components: readonly Piece[]; query: Piece | undefined } {
  if (!body.text.startsWith("(")) return { components: splitComponents(uri, body), query: undefined };
  const end = closingParenthesis(body.text);
  if (end < 0)
    throw invalidUri(uri, body.at, "This parenthesis is never closed; in a password ( is written as %28 and ) as %29");
  const components = splitComponents(uri, { text: body.text.slice(1, end), at: body.at + 1 });
  return { components, query: readTail(uri, trimmed({ text: body.text.slice(end + 1), at: body.at + end + 1 })) };
}

/** Returns the index of the parenthesis that closes the one at index 0, or -1. */
function closingParenthesis(text: string): number {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === "(") depth += 1;
    if (text[index] === ")") depth -= 1;
    if (depth === 0) return index;
  }
  return -1;
}

function splitComponents(uri: string, list: Piece): readonly Piece[] {
  let depth = 0;
  const pieces = split(list, (index) => {
    if (list.text[index] === "(") depth += 1;
    if (list.text[index] === ")") depth -= 1;
    if (depth < 0) throw invalidUri(uri, list.at + index, "This parenthesis closes nothing");
    return list.text[index] === "," && depth === 0;
  });
  const components = pieces.map(trimmed);
  const empty = components.find(({ text }) => text === "");
  if (empty) throw invalidUri(uri, empty.at, "An endpoint is missing here: remove the comma, or write the endpoint");
  return components;
}

/** Reads the text after the closing parenthesis: nothing, a lone slash, or the group's query. */
function readTail(uri: string, tail: Piece): Piece | undefined {
  // The query begins at the first ?, as in RFC 3986. Java cuts at the last one and loses the text before it.
  const mark = /^(\/?\s*)(\?|$)/.exec(tail.text)?.[0];
  if (mark?.endsWith("?")) return { text: tail.text.slice(mark.length), at: tail.at + mark.length };
  if (mark !== undefined) return undefined;
  const what = {
    ")": "This parenthesis closes nothing",
    "#": "A fragment has no meaning here",
    "&": "The first option is set off by ?, not by &",
    "(": "Only one list of endpoints can be given",
  }[tail.text[0] ?? ""];
  throw invalidUri(
    uri,
    tail.at,
    what ??
      "After the closing parenthesis only ? and options can follow; a path has no meaning here, and ) in a password is written as %29",
  );
}
