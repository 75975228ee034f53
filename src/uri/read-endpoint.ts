/** Reads one endpoint, `scheme://user:password@host:port?query`. */
import { isIPv4, isIPv6 } from "node:net";
import { nearestName } from "../errors/nearest-name.ts";
import { type Credentials, ENDPOINT_SCHEMES, type EndpointScheme } from "./endpoint.ts";
import { invalidUri, mayShow } from "./invalid-uri.ts";
import { foreignSchemeAdvice } from "./pasted.ts";
import { type Piece, percentDecoded } from "./read-query.ts";

export interface ReadEndpoint {
  readonly scheme: EndpointScheme;
  readonly host: string;
  readonly port: number;
  readonly credentials: Credentials | undefined;
  readonly query: Piece | undefined;
}

/** The brokers' default ports. tcp and ssl name no protocol, and so have no default port. */
const DEFAULT_PORTS: Readonly<Record<EndpointScheme, number | undefined>> = {
  tcp: undefined,
  ssl: undefined,
  stomp: 61613,
  "stomp+ssl": 61614,
  stomps: 61614,
  amqp: 5672,
  amqps: 5671,
  "amqp+ssl": 5671,
};

const GROUP_LIKE = /^(masterslave|failover|static|fanout|discovery|peer|multicast):/i;

/** Throws InvalidUriError. `piece` is trimmed and not empty. */
export function readEndpoint(uri: string, piece: Piece): ReadEndpoint {
  const scheme = readScheme(uri, piece);
  const start = scheme.length + "://".length;
  checkSeparators(uri, piece, start);
  const end = indexOfAny(piece.text, /[/?#]/, start);
  const authority = { text: piece.text.slice(start, end), at: piece.at + start };
  const { credentials, address } = readUserInfo(uri, authority);
  const query = readRest(uri, { text: piece.text.slice(end), at: piece.at + end });
  return { scheme, ...readAddress(uri, address, scheme), credentials, query };
}

function indexOfAny(text: string, characters: RegExp, start: number): number {
  const index = text.slice(start).search(characters);
  return index < 0 ? text.length : start + index;
}

function readScheme(uri: string, { text, at }: Piece): EndpointScheme {
  if (text.startsWith("(") || GROUP_LIKE.test(text))
    throw invalidUri(uri, at, "A group cannot stand inside another group");
  const found = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1];
  if (found === undefined && /^[A-Za-z][\w.-]{0,80}=/.test(text)) {
    throw invalidUri(
      uri,
      at,
      "This is an option where an endpoint belongs: options are separated by &, not by a comma",
    );
  }
  if (found === undefined) throw invalidUri(uri, at, "An endpoint begins with its scheme, as in stomp://host:61613");
  const scheme = ENDPOINT_SCHEMES.find((known) => known === found);
  if (scheme) return scheme;
  const shown = mayShow(uri, at) ? `scheme ${found.slice(0, 30)}` : "scheme";
  throw invalidUri(uri, at, `Unknown ${shown}; ${foreignSchemeAdvice(uri, found) ?? schemeAdvice(found)}`);
}

function schemeAdvice(found: string): string {
  const folded = found.toLowerCase();
  // Java's scheme "auto" means a port that recognises each protocol by its first bytes, so STOMP and AMQP work there.
  if (/^auto(\+nio)?(\+ssl)?$/.test(folded))
    return folded.endsWith("ssl") ? "write stomp+ssl:// or amqps://" : "write stomp:// or amqp://";
  // A broker's own configuration writes stomp+nio for the same port that clients reach as stomp.
  const plain = folded.replace(/\+nio(?=\+|$)/, "").replace(/^tcp\+ssl$/, "ssl");
  const exact = ENDPOINT_SCHEMES.find((known) => known === plain);
  const meant = exact ?? nearestName(folded, ENDPOINT_SCHEMES);
  return meant ? `write ${meant}://` : `known are ${ENDPOINT_SCHEMES.join(", ")}`;
}

/** White space or a semicolon in the address: either two endpoints with the wrong separator, or a typing error. */
function checkSeparators(uri: string, { text, at }: Piece, start: number): void {
  const end = indexOfAny(text, /[?#]/, start);
  const from = Math.max(start, text.lastIndexOf("@", end - 1) + 1);
  const bad = text.slice(from, end).search(/[\s;]/);
  if (bad < 0) return;
  const what = text[from + bad] === ";" ? "Endpoints are separated by commas" : "A space inside an endpoint";
  throw invalidUri(uri, at + from + bad, what);
}

function readUserInfo(uri: string, authority: Piece): { credentials: Credentials | undefined; address: Piece } {
  const at = authority.text.lastIndexOf("@");
  const address = { text: authority.text.slice(at + 1), at: authority.at + at + 1 };
  if (at < 0) return { credentials: undefined, address };
  const userInfo = authority.text.slice(0, at);
  const colon = userInfo.indexOf(":");
  const end = colon < 0 ? at : colon;
  const username = percentDecoded(uri, { text: userInfo.slice(0, end), at: authority.at });
  const password = percentDecoded(uri, { text: userInfo.slice(end + 1), at: authority.at + end + 1 });
  return { credentials: Object.freeze({ username, password }), address };
}

/** Reads the text after the authority: nothing, a lone slash, or a query. */
function readRest(uri: string, { text, at }: Piece): Piece | undefined {
  const end = text.indexOf("?") < 0 ? text.length : text.indexOf("?");
  const before = text.slice(0, end);
  const fragment = before.indexOf("#");
  if (fragment >= 0)
    throw invalidUri(uri, at + fragment, "A fragment has no meaning here; write # in a password as %23");
  if (before !== "" && before !== "/") {
    throw invalidUri(
      uri,
      at,
      "A path (in Java: a local address to bind to) has no meaning here; write / in a password as %2F",
    );
  }
  return end === text.length ? undefined : { text: text.slice(end + 1), at: at + end + 1 };
}

function readAddress(uri: string, address: Piece, scheme: EndpointScheme): { host: string; port: number } {
  const end = address.text.startsWith("[") ? address.text.indexOf("]") + 1 : indexOfAny(address.text, /:/, 0);
  if (end === 0)
    throw invalidUri(uri, address.at, "The bracket of this IPv6 address is never closed, or the host is missing");
  const host = readHost(uri, { text: address.text.slice(0, end), at: address.at });
  return { host, port: readPort(uri, { text: address.text.slice(end), at: address.at + end }, scheme) };
}

function readHost(uri: string, { text, at }: Piece): string {
  if (text.startsWith("[")) {
    const address = text.slice(1, -1).replace(/%25/, "%");
    if (!isIPv6(address)) throw invalidUri(uri, at, "What the brackets hold is no IPv6 address");
    // Normalises each address, so that equal endpoints are recognised as equal.
    return address.includes("%") ? address.toLowerCase() : new URL(`http://[${address}]`).hostname.slice(1, -1);
  }
  const bad = text.search(/[^A-Za-z0-9._-]/);
  if (bad >= 0) {
    throw invalidUri(
      uri,
      at + bad,
      "A host name has only letters, digits, dots, hyphens and underscores (IDN: its xn-- form)",
    );
  }
  if (!/^[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?$/.test(text) || text.length > 254) {
    throw invalidUri(uri, at, "A host name has parts of 1 to 63 characters between its dots, 253 in all");
  }
  if (/(^|\.)\d+\.?$/.test(text) && !isIPv4(text))
    throw invalidUri(uri, at, "This is neither a host name nor an IPv4 address");
  return text;
}

/** `text` is empty or begins with the colon (or, after a bracket, with any other character). */
function readPort(uri: string, { text, at }: Piece, scheme: EndpointScheme): number {
  if (text === "") {
    const port = DEFAULT_PORTS[scheme];
    if (port !== undefined) return port;
    throw invalidUri(
      uri,
      at,
      `${scheme}:// has no default port; write that of the broker's STOMP acceptor (often 61613) or AMQP acceptor (often 5672)`,
    );
  }
  const port = /^:\d{1,10}$/.test(text) ? Number(text.slice(1)) : Number.NaN;
  if (port >= 1 && port <= 65_535) return port;
  throw invalidUri(uri, at, "The port is a number from 1 to 65535");
}
