/**
 * Prints the parts of docs/ about networks of groups that come from code: the findings, the pictures, the schema, the
 * published configurations.
 */
import { readdirSync, readFileSync } from "node:fs";
import { EXAMPLE_BLOCKS } from "../src/topology/check/rule.ts";
import { RULES } from "../src/topology/check/rule-table.ts";
import { DIFFERENCES } from "../src/topology/probe/diff-topology.ts";
import { READ_FINDINGS } from "../src/topology/read/read-findings.ts";

import { BROKER_VERSIONS, NETWORK_BROKER_VERSION } from "../test/brokers/maven-jars.ts";
import { readMistakes } from "../test/network/mistakes/mistake-file.ts";

const VECTORS = new URL("../test/vectors/topology/published/", import.meta.url);

export function renderTopologyFindings(): string {
  const rules = RULES.map(
    ({ code, severity, condition, source, bad, good, consequences = [] }) => `## ${code}

**${severity}.** ${condition}

Known from: ${source}.
${consequences.length > 0 ? `\nA network with it can have ${consequences.join(", ")} as well.\n` : ""}
\`\`\`yaml
# found
${bad}
\`\`\`

\`\`\`yaml
# not found
${good}
\`\`\`
`,
  );
  const reading = Object.entries(READ_FINDINGS).map(
    ([code, { severity, condition }]) => `| \`${code}\` | ${severity} | ${condition} |`,
  );
  const differences = Object.entries(DIFFERENCES).map(
    ([code, { severity, condition }]) => `| \`${code}\` | ${severity} | ${condition} |`,
  );
  return `# Findings of topology check

<!-- Printed from the rules in src/topology/check by npm run docs; change them there. -->

Each finding has a stable code. \`--ignore CODE\` leaves it out, \`--fail-on error|warning|info\` says from which severity on
\`check\` exits with 4. Both examples of every rule are tests: the first breaks that rule and no other, the second breaks none.

An example that leaves out \`hosts\` or \`groups\` has this host pair:

\`\`\`yaml
${Object.values(EXAMPLE_BLOCKS).join("\n")}
\`\`\`

| code | severity | condition |
| --- | --- | --- |
${RULES.map(({ code, severity, condition }) => `| [\`${code}\`](#${code.toLowerCase()}) | ${severity} | ${condition} |`).join("\n")}

Reading brokers' XML can report these besides:

| code | severity | condition |
| --- | --- | --- |
${reading.join("\n")}

\`topology diff\` reports these, of a running network:

| code | severity | condition |
| --- | --- | --- |
${differences.join("\n")}

${rules.join("\n")}`;
}

interface Published {
  readonly shape: string;
  readonly source: string;
  readonly findings: Readonly<Record<string, number>>;
}

export function renderPublishedShapes(): string {
  const names = readdirSync(VECTORS).sort();
  const cases = names.map(
    (name) => [name, JSON.parse(readFileSync(new URL(`${name}/expected.json`, VECTORS), "utf8")) as Published] as const,
  );
  const counts = new Map<string, number>();
  for (const [, { findings }] of cases)
    for (const code of Object.keys(findings)) counts.set(code, (counts.get(code) ?? 0) + 1);
  const common = [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b));
  const severityOf = (code: string) =>
    RULES.find((rule) => rule.code === code)?.severity ??
    READ_FINDINGS[code as keyof typeof READ_FINDINGS]?.severity ??
    "";
  const rows = cases.map(([name, { shape, source, findings }]) => {
    const found = Object.entries(findings).map(([code, count]) => `\`${code}\`${count > 1 ? ` x ${count}` : ""}`);
    return `| ${shape} | ${source} | ${found.join(", ")} | [files](../test/vectors/topology/published/${name}) |`;
  });
  return `# Published configurations, and what check says of them

<!-- Printed from test/vectors/topology/published by npm run docs; change the files there. -->

These ${cases.length} configurations were written for this repository after the patterns of published ones. No text was copied.
Tests check that \`masterslave topology check\` finds exactly what is listed. [Below](#made-once-on-real-brokers) each mistake is
made once on real brokers, with what the log says.

Published examples often show a single broker, so \`LONE_MASTER\` means little here. The other findings, the most common first:

| finding | severity | in how many |
| --- | --- | --- |
${common
  .filter(([code]) => code !== "LONE_MASTER")
  .map(([code, count]) => `| \`${code}\` | ${severityOf(code)} | ${count} |`)
  .join("\n")}

| shape | seen in | findings | |
| --- | --- | --- | --- |
${rows.join("\n")}

## Made once on real brokers

Printed from the last \`npm run network-mistakes\`: Classic ${NETWORK_BROKER_VERSION} and Artemis ${BROKER_VERSIONS.artemis}, two brokers to three. In logs
\`HOST\` and \`PORT\` stand for addresses. These were not made: \`PASSWORD_IN_FILE\`, which no log shows; \`UNKNOWN_ELEMENT\` and
\`XML_ENTITY\`, which concern the file only; and findings of severity info. Two mistakes did no harm in these runs: with
\`DUPLEX_BOTH_ENDS\` no message came twice, and with \`NO_REPLAY_AUDIT\` every message went back. These two findings follow the
manual, which warns of harm on longer paths.

${madeOnce(counts)}`;
}

/** The commonest first. */
function madeOnce(counts: ReadonlyMap<string, number>): string {
  const rank = (code: string) => counts.get(code) ?? 0;
  const made = [...readMistakes()].sort((a, b) => rank(b.code) - rank(a.code) || a.code.localeCompare(b.code));
  return made
    .map(
      ({ code, setting, what, log }) =>
        `### ${code}\n\n${setting}. ${what}\n${log.length > 0 ? `\n\`\`\`text\n${log.join("\n")}\n\`\`\`\n` : "\nThe log does not mention it.\n"}`,
    )
    .join("\n");
}
