/** Prints docs/options.md from the option table, so that the two cannot differ. */
import { IGNORED_OPTIONS, IGNORED_PREFIXES } from "../src/uri/options/ignored-options.ts";
import type { OptionSpec } from "../src/uri/options/option-spec.ts";
import { OPTION_NAMES, OPTIONS, type OptionName } from "../src/uri/options/option-table.ts";

const INTRO = `# Options

<!-- Printed from src/uri/options/option-table.ts by npm run docs; change it there. -->

Options stand in the query of a URI, \`masterslave:(stomp://a:61613,stomp://b:61613)?maxReconnectDelay=5000\`, or in the
second argument of \`connect()\`, where they override the URI and have the names of this first table. In a URI the names of ActiveMQ and Qpid JMS are accepted as
they are; Qpid's may keep their prefix \`failover.\`, the .NET clients' their prefix \`transport.\`. If an option is given twice, the
last one counts. Times are in milliseconds. An unknown option, or a value that an option cannot take, is an error.

- An option of the **group** stands after the closing parenthesis. Without parentheses everything after the \`?\` belongs
  to the last endpoint, as in Java, so write parentheses when you write options.
- An option of an **endpoint** stands in the query of that endpoint, or as \`nested.NAME\` among the group's options, which
  gives it to every endpoint; an endpoint's own value wins.
- With a single plain endpoint, \`stomp://a:61613?heartbeatMs=2000\`, all options belong to the group, and mean the same as in
  \`masterslave:\`: the connection reconnects.
`;

const IGNORED_INTRO = `## Accepted and ignored

The Java clients know these; here they have no effect. They are accepted, so that a URI can be shared, and listed in
\`parseMasterSlaveUri(text).ignored\` with the reason. Values other than numbers, true and false are listed as \`***\`.
The first attempt of a connection raises the warning \`OPTIONS_IGNORED\` that names them, and so does the error \`NO_ACTIVE_ENDPOINT\`.

A limit of another client, such as \`jms.sendTimeout\` or \`reconnectAttempts\`, is an error that says what to write instead, unless
its value means no limit. So are the names of other clients' TLS settings without a prefix: TLS is set by the option \`tls\`.
`;

/** Returns the whole file. */
export function renderOptionTable(): string {
  const options = OPTION_NAMES.map((name) => [name, OPTIONS[name]] as const);
  return [
    INTRO,
    table(["Option", "Value", "Default", "In Java", "What it does"], options.map(optionRow)),
    "## Where the scheme matters\n",
    table(["Option", "masterslave: and single endpoints", "failover:"], options.flatMap(schemeRow)),
    "## Other names\n",
    table(["Accepted", "Is"], options.flatMap(aliasRows)),
    IGNORED_INTRO,
    table(["Option", "Why"], ignoredRows(options)),
  ].join("\n");
}

type Row = readonly string[];
type Option = readonly [name: OptionName, spec: OptionSpec];

function optionRow([name, spec]: Option): Row {
  const place = spec.scope === "both" ? " (group or endpoint)" : "";
  return [code(name), value(spec) + place, String(spec.default), spec.java ?? "", spec.sentence];
}

function schemeRow([name, { schemes }]: Option): Row[] {
  return schemes ? [[code(name), schemes.masterslave, schemes.failover]] : [];
}

function aliasRows([name, { aliases = [] }]: Option): Row[] {
  return aliases.map((alias) => [code(alias), code(name)]);
}

/** One row for each reason, in the order in which the reasons first appear. */
function ignoredRows(options: readonly Option[]): Row[] {
  const values = options.flatMap(([name, { ignoredValues = {} }]) =>
    Object.entries(ignoredValues).map(([ignored, reason]) => [`${name}=${ignored}`, reason] as const),
  );
  const prefixes = Object.entries(IGNORED_PREFIXES).map(([prefix, reason]) => [`${prefix}*`, reason] as const);
  const namesByReason = new Map<string, string[]>();
  for (const [name, reason] of [...Object.entries(IGNORED_OPTIONS), ...values, ...prefixes]) {
    namesByReason.set(reason, [...(namesByReason.get(reason) ?? []), code(name)]);
  }
  return [...namesByReason].map(([reason, names]) => [names.join(", "), reason]);
}

function value({ type, unit, min = 0, max, choices = [] }: OptionSpec): string {
  if (type === "boolean") return "true, false";
  if (type === "choice") return choices.map(code).join(", ");
  if (type === "list") return `a list of ${choices.map(code).join(", ")}`;
  if (type === "text") return "text";
  const range = type === "number" ? `${min} to ${max}` : `from ${min}`;
  return `${unit ?? "number"}, ${range}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}
