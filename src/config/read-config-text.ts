/** Reads YAML 1.2, which includes JSON, and records the position of every key and value. */
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import { type ConfigDocument, findingsOf, type Locate, type Position } from "./config-document.ts";
import type { ConfigPath, Finding } from "./finding.ts";
import { substituteVariables, variableFinding } from "./variables.ts";

/** Larger than any hand-written configuration: guards against reading a data file by mistake. */
export const MAX_CONFIG_LENGTH = 4 * 1024 * 1024;
/** Further syntax errors are usually consequences of the first ones. */
const MAX_SYNTAX_ERRORS = 10;
/** Largest number of nodes that aliases may expand to: guards against "billion laughs" texts. */
const MAX_ALIASES = 100;

export interface ReadConfigTextOptions {
  /** The file name used in findings. */
  readonly file?: string | undefined;
  /** The values for `${NAME}`; `process.env` by default. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Never throws: problems are in the document's `findings`, and then its `value` is undefined. */
export function readConfigText(text: string, { file, env = process.env }: ReadConfigTextOptions = {}): ConfigDocument {
  const nowhere = findingsOf(file, () => undefined);
  const unreadable = (findings: readonly Finding[]) => ({ value: undefined, findings, file, finding: nowhere });
  if (text.length > MAX_CONFIG_LENGTH) {
    const message = `The text is longer than ${MAX_CONFIG_LENGTH} characters`;
    return unreadable([nowhere(syntax(message, "Give the configuration file, not a file of data"))]);
  }
  const lines = new LineCounter();
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const at =
    (offset: number): Locate =>
    () =>
      position(lines, offset);
  if (parsed.errors.length > 0) {
    const errors = parsed.errors.slice(0, MAX_SYNTAX_ERRORS);
    return unreadable(errors.map(({ message, pos }) => findingsOf(file, at(pos[0]))(syntax(message))));
  }
  const findings: Finding[] = [];
  visit(parsed, {
    Scalar: (key, node) => {
      if (key === "key" || typeof node.value !== "string") return;
      const replaced = substituteVariables(node.value, env, (name) => {
        findings.push(findingsOf(file, at(node.range?.[0] ?? 0))(variableFinding(name)));
      });
      if (replaced !== node.value) node.value = replaced;
    },
  });
  try {
    const value: unknown = parsed.toJS({ maxAliasCount: MAX_ALIASES });
    return { value, findings, file, finding: findingsOf(file, (...place) => locate(parsed.contents, lines, ...place)) };
  } catch (reason) {
    return unreadable([nowhere(syntax(reason instanceof Error ? reason.message : String(reason)))]);
  }
}

function syntax(message: string, advice = "Correct the text at this place: an editor with YAML support marks it") {
  return { code: "CONFIG_SYNTAX", path: [], message, advice };
}

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function locate(root: unknown, lines: LineCounter, path: ConfigPath, at: "key" | "value"): Position {
  let offset = startOf(root) ?? 0;
  let node = root;
  for (const [index, part] of path.entries()) {
    const step = stepInto(node, part);
    if (!step) break;
    const isKey = at === "key" && index === path.length - 1;
    offset = startOf(isKey ? step.key : step.value) ?? startOf(step.key) ?? offset;
    node = step.value;
  }
  return position(lines, offset);
}

/** The key and value that one part of a path leads to; undefined when there is none. */
function stepInto(
  node: unknown,
  part: string | number,
): { readonly key: unknown; readonly value: unknown } | undefined {
  if (isSeq(node)) {
    const value = node.items[Number(part)];
    return value === undefined ? undefined : { key: value, value };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
  // A key without a value has an empty node, which begins after the key.
  return pair && { key: pair.key, value: pair.value };
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
