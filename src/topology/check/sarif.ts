/** Findings as SARIF 2.1.0, which code review tools show at their lines. */
import type { Finding, Severity } from "../../config/finding.ts";
import { RULES } from "./rule-table.ts";

const LEVELS: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "note" };

/** Returns a SARIF log as an object, ready for JSON.stringify. */
export function sarifOf(findings: readonly Finding[]): Readonly<Record<string, unknown>> {
  const codes = [...new Set(findings.map(({ code }) => code))];
  const rules = codes.map((id) => {
    const rule = RULES.find(({ code }) => code === id);
    return rule
      ? { id, shortDescription: { text: rule.condition }, fullDescription: { text: rule.source } }
      : { id, shortDescription: { text: id } };
  });
  const driver = { name: "masterslave topology check", rules };
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver }, results: findings.map((finding) => resultOf(finding, codes)) }],
  };
}

function resultOf({ code, severity, message, advice, file, line, column, path }: Finding, codes: readonly string[]) {
  const region = line === undefined ? {} : { region: { startLine: line, startColumn: column ?? 1 } };
  const physical = file === undefined ? {} : { physicalLocation: { artifactLocation: { uri: file }, ...region } };
  return {
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: LEVELS[severity],
    message: { text: `${message}. ${advice}.` },
    locations: [{ ...physical, logicalLocations: [{ fullyQualifiedName: path }] }],
  };
}
