/** Texts that are, nearly are, or are nothing like URIs, and options of any kind: read, or refused with a typed error. */
import fc from "fast-check";
import { InvalidArgumentError, InvalidOptionError, InvalidUriError } from "../../src/errors/errors.ts";
import { ENDPOINT_SCHEMES } from "../../src/uri/endpoint.ts";
import { formatMasterSlaveUri } from "../../src/uri/format-master-slave-uri.ts";
import { type MasterSlaveUri, parseMasterSlaveUri } from "../../src/uri/master-slave-uri.ts";
import { OPTION_NAMES } from "../../src/uri/options/option-table.ts";
import { resolveOptions } from "../../src/uri/resolve-options.ts";
import { type Fuzzed, type FuzzOptions, fuzz, type Judged } from "./fuzzed.ts";

/** What the text is made of, whether a password is planted in it, and options beside it. */
export interface UriCase {
  readonly pieces: readonly string[];
  readonly secret: boolean;
  readonly options: Readonly<Record<string, unknown>>;
}

/** It is found in no message, or else it is told. */
const SECRET = "hunter2Zq";
/** No text of a case is longer than some thousand characters, unless it is one of those that look for quadratic time. */
const LONGEST_MS = 1500;

const SCHEMES = [
  "masterslave:",
  "failover:",
  "masterslave://",
  "static:",
  "jms:",
  ...ENDPOINT_SCHEMES.map((s) => `${s}://`),
];
const MARKS = [
  "(",
  ")",
  ",",
  "?",
  "&",
  "=",
  ":",
  "/",
  "//",
  "@",
  "#",
  "%",
  "%zz",
  "%2C",
  "[",
  "]",
  ".",
  "-",
  " ",
  "\n",
];
const ODD = ["\0", "\u001b[2J", "\u2028", "\ud800", "💶", "é", "'", '"', "<", "\\", "`", "__proto__", "constructor"];
const HOSTS = [
  "a",
  "b.example",
  "localhost",
  "127.0.0.1",
  "[::1]",
  "[fe80::1%25eth0]",
  "256.1.1.1",
  "x".repeat(64),
  "-",
];
const PORTS = [":1", ":61613", ":0", ":65536", ":", ":x", ":99999999999999999999", ":-1", ":1e3"];
const VALUES = [
  "true",
  "false",
  "0",
  "-1",
  "1e9",
  "NaN",
  "",
  "Infinity",
  "9007199254740993",
  "stomp",
  "amqp",
  "ADD",
  "%00",
];
const NAMES = [
  ...OPTION_NAMES,
  "failover.randomize",
  "nested.wireFormat.x",
  "transport.tcpNoDelay",
  "jms.prefetch",
  "bogus",
];
/** As written by somebody careful. */
const WHOLE = HOSTS.slice(0, 6).flatMap((host) => ["stomp", "amqps"].map((scheme) => `${scheme}://${host}:61613`));

const piece = fc.oneof(
  ...[SCHEMES, MARKS, HOSTS, PORTS, WHOLE, NAMES.map((name) => `${name}=`), VALUES, ODD].map((list) =>
    fc.constantFrom(...list),
  ),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 6 }),
);

const GOOD_OPTIONS = [
  ...["maxReconnectDelay=5000", "randomize=false", "failover.randomize=true", "heartbeatMs=0", "clientId=a%20b"],
  ...["wireFormat.x=1", "nested.transport.y=2", "attemptStagger=0", "inDoubt=fail", "maxPendingSends=10"],
];

const wellFormed = fc
  .tuple(
    fc.constantFrom("masterslave:(", "failover:(", "masterslave://("),
    fc.constantFrom("stomp", "amqp", "amqps", "tcp"),
    fc.uniqueArray(fc.constantFrom(...HOSTS.slice(0, 6)), { minLength: 1, maxLength: 4 }),
    fc.uniqueArray(fc.constantFrom(...GOOD_OPTIONS), { maxLength: 4 }),
    fc.constantFrom("", " ", "\n"),
  )
  .map(([open, scheme, hosts, options, space]) => [
    open,
    ...hosts.flatMap((host, nth) => [...(nth > 0 ? [`,${space}`] : []), `${scheme}://`, host, ":61613"]),
    ")",
    ...options.flatMap((option, nth) => [nth > 0 ? "&" : "?", option]),
  ]);

const anyUri: fc.Arbitrary<UriCase> = fc.record({
  pieces: fc.oneof(
    fc.array(piece, { maxLength: 25 }),
    fc
      .tuple(wellFormed, fc.nat(), fc.array(piece, { maxLength: 2 }))
      .map(([pieces, at, more]) => pieces.toSpliced(at % (pieces.length + 1), 0, ...more)),
  ),
  secret: fc.boolean(),
  options: fc.dictionary(fc.constantFrom(...NAMES, "__proto__"), fc.oneof(fc.constantFrom(...VALUES), fc.anything()), {
    maxKeys: 1,
  }),
});

export function fuzzUris(options: FuzzOptions): Promise<Fuzzed> {
  return fuzz(anyUri, judgeUri, options);
}

export function judgeUri({ pieces, secret, options }: UriCase): Judged {
  const text = (secret ? withSecret(pieces) : pieces).join("");
  const violations: string[] = [];
  const before = process.cpuUsage();
  const uri = attempt(() => parseMasterSlaveUri(text), text, violations);
  if (uri) checkRoundTrip(uri, violations);
  const resolved = uri && attempt(() => resolveOptions(uri, options), text, violations);
  if (uri && JSON.stringify([uri, resolved]).includes(SECRET)) violations.push("a password is enumerable");
  // Of our own time: a busy machine may take longer.
  if (process.cpuUsage(before).user / 1000 > LONGEST_MS) violations.push(`${text.length} characters took too long`);
  return { violations, counts: [uri === undefined ? "refused" : resolved ? "resolved" : "read"] };
}

/** As user-info of the first endpoint. */
function withSecret(pieces: readonly string[]): readonly string[] {
  const at = pieces.findIndex((each) => each.includes("://") && !each.endsWith("("));
  if (at < 0) return pieces;
  return pieces.with(at, (pieces[at] as string).replace("://", `://user:${SECRET}@`));
}

function attempt<T>(act: () => T, text: string, violations: string[]): T | undefined {
  try {
    return act();
  } catch (error) {
    checkRefusal(error, text, violations);
    return undefined;
  }
}

function checkRefusal(error: unknown, text: string, violations: string[]): void {
  const typed =
    error instanceof InvalidUriError || error instanceof InvalidOptionError || error instanceof InvalidArgumentError;
  if (!typed) {
    violations.push(`it threw ${error instanceof Error ? error.stack : String(error)}`);
    return;
  }
  if (error instanceof InvalidUriError && !(error.position >= 0 && error.position <= text.length))
    violations.push(`the position ${error.position} is not in a text of ${text.length}`);
  if (error.message.includes(SECRET)) violations.push(`the password stands in ${error.message}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(error.message))
    violations.push("the message has a control character");
}

function checkRoundTrip(uri: MasterSlaveUri, violations: string[]): void {
  const written = formatMasterSlaveUri(uri);
  if (written.includes(SECRET)) violations.push("the password is written");
  const [before, after] = [uri, attempt(() => parseMasterSlaveUri(written), written, violations)].map((each) =>
    JSON.stringify(each && { scheme: each.scheme, endpoints: each.endpoints, options: each.options }),
  );
  if (before !== after) violations.push(`${written} reads as ${after}, not as ${before}`);
}

/** 100 KB of what a careless expression would look at again and again. */
export const LONG_TEXTS: Readonly<Record<string, string>> = {
  "open parentheses": "(".repeat(100_000),
  "a group of parentheses": `masterslave:(${"(".repeat(100_000)}`,
  commas: `masterslave:(${",".repeat(100_000)})`,
  endpoints: `masterslave:(${Array.from({ length: 6000 }, (_, n) => `stomp://h${n}:1`).join(",")})`,
  slashes: `stomp:${"/".repeat(100_000)}`,
  "a scheme": `${"a+".repeat(50_000)}://h:1`,
  "a host": `stomp://${"a.".repeat(50_000)}:1`,
  "a host of digits": `stomp://${"1.".repeat(50_000)}:1`,
  "signs of user-info": `stomp://${"@".repeat(100_000)}h:1`,
  "user-info": `stomp://u:${"p".repeat(100_000)}@h:1`,
  "user-info without its host": `stomp://u:${"p:".repeat(50_000)}`,
  spaces: `stomp://h:1${" ".repeat(100_000)}x`,
  "spaces in a group": `masterslave:(${" ".repeat(100_000)}stomp://a:1)`,
  ampersands: `stomp://h:1?${"&".repeat(100_000)}`,
  "options given again": `stomp://h:1?${"randomize=true&".repeat(7000)}randomize=true`,
  "an option's name": `stomp://h:1?${"r".repeat(100_000)}=1`,
  "an option's value": `stomp://h:1?clientId=${"%41".repeat(33_000)}`,
  percents: `stomp://h:1?clientId=${"%".repeat(100_000)}`,
  equals: `stomp://h:1?a${"=".repeat(100_000)}`,
  "words of other languages": "💶".repeat(50_000),
  "user-info again and again": "//a:b".repeat(20_000),
  "encoded signs": "%40".repeat(33_000),
};
