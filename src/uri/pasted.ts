/** Advice for URIs that were made for other programs: OpenWire over nio, a web console, a list without a group. */

/** Why a Java client's endpoint cannot be used as it is. */
export const OPENWIRE =
  "OpenWire, the protocol of Java clients, is not spoken here; the broker's STOMP port is usually 61613 and its AMQP port 5672";

/** What other schemes are for, and what to do; schemes that are not listed are unknown. */
const FOREIGN_SCHEMES: readonly (readonly [scheme: RegExp, what: string])[] = [
  [/^nio(\+ssl)?$/, OPENWIRE],
  [
    /^https?$/,
    "this is the address of a web page, often the broker's console; clients use the broker's STOMP port (usually 61613) or AMQP port (5672)",
  ],
  [/^wss?$/, "WebSockets are not spoken here; use the broker's STOMP port (usually 61613) or AMQP port (5672)"],
  [
    /^(mqtt|mqtts|mqtt\+ssl|core|vm|udp|multicast|hornetq)$/,
    "this protocol is not spoken here; use the broker's STOMP port (usually 61613) or AMQP port (5672)",
  ],
];

/**
 * Returns what a scheme of another program is for and what to write instead, for an error about `text`; undefined for
 * an unknown scheme. It never contains user-info or option values.
 */
export function foreignSchemeAdvice(text: string, scheme: string): string | undefined {
  const folded = scheme.toLowerCase();
  const what = FOREIGN_SCHEMES.find(([pattern]) => pattern.test(folded))?.[1];
  if (what === undefined) return undefined;
  const written = rewritten(text, (each, port) => {
    if (!/^(nio|https?|wss?|mqtt|mqtts|core|vm|udp|hornetq|tcp|ssl)(\+ssl)?$/.test(each))
      return `${each}://HOST${port}`;
    const secure = /^(https|wss|mqtts|ssl)$|\+ssl$/.test(each);
    return secure ? "stomp+ssl://HOST:61614" : "stomp://HOST:61613";
  });
  return `${what}: write ${written ?? (/s$|ssl$/.test(folded) && folded !== "ws" ? "stomp+ssl:// or amqps://" : "stomp:// or amqp://")}`;
}

/** Returns what to write for several endpoints listed without a group; undefined if `text` is not such a list. */
export function missingGroupAdvice(text: string): string | undefined {
  if (!/^[^?]*,\s*[A-Za-z][A-Za-z0-9+.-]{0,20}:\/\//.test(text)) return undefined;
  const written = rewritten(text, (scheme, port) => `${scheme}://HOST${port}`) ?? "masterslave:(stomp://…,stomp://…)";
  return `Several endpoints are a group, which has a name and parentheses: write ${written}`;
}

/** For longer texts no whole URI is suggested. */
const MAX_TEXT = 2_000;
const PARTS = /^(?:(masterslave|failover):(?:\/\/)?)?(?:\(([^()]+)\)|([^()?]+))(?:\?([^()]*))?$/i;
const COMPONENT =
  /^([a-z][a-z0-9+.-]{0,20}):\/\/([A-Za-z0-9._-]{1,254}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?\/?(\?.*)?$/i;

/**
 * Returns `text` with each endpoint as `endpointOf` writes it (`HOST` stands for its host), as a group if there are
 * several. Undefined if it may contain user-info, or if a part is not plainly a host and a port. Only options with a
 * number or true/false are kept.
 */
function rewritten(text: string, endpointOf: (scheme: string, port: string) => string): string | undefined {
  if (text.length > MAX_TEXT || /@|%40/.test(text)) return undefined;
  const [, group, inside, bare, query] = PARTS.exec(text.trim()) ?? [];
  const parts = (inside ?? bare)?.split(",").map((part) => COMPONENT.exec(part.trim()));
  if (!parts?.every((part) => part !== null)) return undefined;
  const endpoints = parts.map(([, scheme = "", host = "", port = ""]) =>
    endpointOf(scheme.toLowerCase(), port).replace("HOST", () => host),
  );
  const options = (query ?? "").split("&").filter((entry) => /^[A-Za-z]{1,40}=(true|false|-?\d{1,10})$/.test(entry));
  const list =
    group === undefined && endpoints.length === 1
      ? endpoints[0]
      : `${group?.toLowerCase() ?? "masterslave"}:(${endpoints.join(",")})`;
  return options.length === 0 ? list : `${list}?${options.join("&")}`;
}
