/** Writes plain values as YAML. Texts that could be read as something else are quoted as in JSON, which YAML includes. */

export type YamlValue =
  | string
  | number
  | boolean
  | null
  | readonly YamlValue[]
  | { readonly [key: string]: YamlValue | undefined };

const PLAIN = /^[A-Za-z_/][\w./-]*$/;
/**
 * Texts that a YAML block keeps exactly: the first line does not begin with a blank, and one line break ends the last.
 */
const BLOCK = /^[^\s\p{C}](?:[^\p{C}]|\n(?!$))*\n$/u;
const WORDS = /^(true|false|null|yes|no|on|off|y|n)$/i;

/** Keys whose value is undefined are left out. */
export function writeYaml(value: YamlValue, comment = ""): string {
  return `${comment === "" ? "" : `# ${comment}\n`}${block(value, "")}\n`;
}

function block(value: YamlValue, indent: string): string {
  if (isList(value) && value.length === 0) return `${indent}[]`;
  if (isList(value)) return value.map((each) => `${indent}- ${inner(each, `${indent}  `).trimStart()}`).join("\n");
  if (!isMap(value)) return indent + scalar(value);
  if (isEmpty(value)) return `${indent}{}`;
  return Object.entries(value)
    .filter((entry): entry is [string, YamlValue] => entry[1] !== undefined)
    .map(([key, each]) => {
      const name = `${indent}${scalar(key)}:`;
      if (isEmpty(each)) return `${name} ${isList(each) ? "[]" : "{}"}`;
      if (typeof each === "string" && BLOCK.test(each) && !each.endsWith("\n\n"))
        return `${name} |\n${literal(each, `${indent}  `)}`;
      return isList(each) || isMap(each) ? `${name}\n${block(each, `${indent}  `)}` : `${name} ${scalar(each)}`;
    })
    .join("\n");
}

function inner(value: YamlValue, indent: string): string {
  if (isEmpty(value)) return isList(value) ? "[]" : "{}";
  return isList(value) || isMap(value) ? block(value, indent) : scalar(value);
}

function literal(text: string, indent: string): string {
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => (line === "" ? "" : indent + line))
    .join("\n");
}

function scalar(value: string | number | boolean | null): string {
  if (typeof value !== "string") return String(value);
  return PLAIN.test(value) && !WORDS.test(value) ? value : JSON.stringify(value);
}

function isList(value: YamlValue): value is readonly YamlValue[] {
  return Array.isArray(value);
}

function isMap(value: YamlValue): value is { readonly [key: string]: YamlValue | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isEmpty(value: YamlValue): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
