/** docs/features.md: which feature works where, as the last run on real brokers found it. */

export const COMBINATIONS = ["Classic STOMP", "Classic AMQP", "Artemis STOMP", "Artemis AMQP"] as const;
export type Combination = (typeof COMBINATIONS)[number];

export type Finding =
  | { readonly kind: "works" }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "remark"; readonly text: string };

export type Findings = ReadonlyMap<string, ReadonlyMap<Combination, Finding>>;

/** Returns the whole page. A cell without a result is marked, and must not be committed. */
export function renderFeatures(findings: Findings, versions: string): string {
  const notes: string[] = [];
  const rows = [...findings].map(([name, cells]) => {
    const texts = COMBINATIONS.map((combination) => renderCell(cells.get(combination), notes));
    return `| ${name} | ${texts.join(" | ")} |`;
  });
  const footnotes = notes.map((note, index) => `${index + 1}. ${note}`);
  return `# What works where

<!-- Written by the tests on real brokers: FEATURES=write npx vitest run --project brokers test/brokers/features. -->

Each cell is a test that ran on ${versions}. **works**: as the docs say. **refused**: with the code
\`UNSUPPORTED\` and the reason in the note, and nothing else is done under the same name.

| | ${COMBINATIONS.join(" | ")} |
| --- | --- | --- | --- | --- |
${rows.join("\n")}

${footnotes.join("\n")}
`;
}

/** Returns what the page says about a feature; undefined if it says nothing. */
export function readFinding(page: string, name: string, combination: Combination): Finding | undefined {
  const row = page.split("\n").find((line) => line.startsWith(`| ${name} |`));
  const cell = row?.split(" | ")[COMBINATIONS.indexOf(combination) + 1]?.replace(/ \|$/, "");
  if (cell === "works") return { kind: "works" };
  const [, word, number] = /^(refused|see) \((\d+)\)$/.exec(cell ?? "") ?? [];
  const text = page
    .split("\n")
    .find((line) => line.startsWith(`${number}. `))
    ?.slice(`${number}. `.length);
  if (text === undefined) return undefined;
  return word === "refused" ? { kind: "refused", reason: text } : { kind: "remark", text };
}

function renderCell(finding: Finding | undefined, notes: string[]): string {
  if (finding === undefined) return "not run";
  if (finding.kind === "works") return "works";
  const text = finding.kind === "refused" ? finding.reason : finding.text;
  if (!notes.includes(text)) notes.push(text);
  return `${finding.kind === "refused" ? "refused" : "see"} (${notes.indexOf(text) + 1})`;
}

/** Returns a reason without the parts that differ in every run: addresses, names and ids. */
export function stableReason(text: string): string {
  return text
    .replaceAll(/(stomp|amqp):\/\/[\w.]+:\d+/g, "the broker")
    .replaceAll(/(queue|topic):\/\/[\w.,:/>*-]*features\.[\w.,:/>*-]*/g, "$1://NAME")
    .replaceAll(/features\.[\w.,>*-]+/g, "NAME")
    .replaceAll(/team-\w+/g, "NAME")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID")
    .replaceAll("|", "\\|");
}
