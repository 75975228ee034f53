/** Writes a parsed masterslave: URI as text, for logs, status pages and configuration; never with user-info. */
import { formatAddress } from "../errors/errors.ts";
import type { Endpoint } from "./endpoint.ts";
import type { MasterSlaveUri } from "./master-slave-uri.ts";

type Entry = readonly [name: string, value: string | undefined];

/**
 * Parsing the result gives an equal URI, except for user-info. Ports are always written; ignored options are kept, with
 * masked values as `***`.
 */
export function formatMasterSlaveUri(uri: MasterSlaveUri): string {
  const group: readonly Entry[] = [
    ...Object.entries(uri.options).flatMap(([name, value]): Entry[] =>
      value === undefined ? [] : [[name, String(value)]],
    ),
    ...uri.ignored.map(({ name, value }): Entry => [name, value]),
  ];
  const [first] = uri.endpoints;
  if (first && uri.scheme === first.scheme)
    return withQuery(formatAddress(first), [...Object.entries(first.options), ...group]);
  return withQuery(`${uri.scheme}:(${uri.endpoints.map(formatEndpoint).join(",")})`, group);
}

function formatEndpoint(endpoint: Endpoint): string {
  return withQuery(formatAddress(endpoint), Object.entries(endpoint.options));
}

function withQuery(address: string, entries: readonly Entry[]): string {
  const query = entries
    .map(([name, value]) => encode(name) + (value === undefined ? "" : `=${encode(value)}`))
    .join("&");
  return query === "" ? address : `${address}?${query}`;
}

/** Parentheses are encoded too, because Java counts them over the whole text. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll("(", "%28").replaceAll(")", "%29");
}
