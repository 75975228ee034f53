/** Reads and checks the configuration of a bridge, without connecting. */

import { checkShape } from "../../config/check-shape.ts";
import { type ConfigDocument, configDocument } from "../../config/config-document.ts";
import { ConfigError } from "../../config/config-error.ts";
import type { Finding } from "../../config/finding.ts";
import { readConfigFile } from "../../config/read-config-file.ts";
import type { BridgeConfig, BridgeLink, CheckedBridgeConfig, MapMessage } from "./bridge-config.ts";
import { checkGroups } from "./check-groups.ts";
import { checkLinks } from "./check-links.ts";
import { BridgeSchema } from "./schema.ts";

/**
 * Reads a YAML or JSON file, or takes an object of the same shape, and checks it. Rejects with a ConfigError, code
 * BRIDGE_CONFIG, whose `findings` lists every mistake with its place and advice. Nothing connects.
 */
export async function readBridgeConfig(source: string | URL | BridgeConfig): Promise<BridgeConfig> {
  if (typeof source !== "string" && !(source instanceof URL)) return checkBridgeConfig(source).config;
  return checkDocument(await readConfigFile(source)).config;
}

/** Checks an object. @throws ConfigError BRIDGE_CONFIG. */
export function checkBridgeConfig(config: BridgeConfig): CheckedBridgeConfig {
  const { plain, maps } = withoutMaps(config);
  const checked = checkDocument(configDocument(plain));
  const links = Object.entries(checked.config.links).map(([name, link]): [string, BridgeLink] => {
    const map = maps.get(name);
    return [name, map === undefined ? link : { ...link, map }];
  });
  return { findings: checked.findings, config: { groups: checked.config.groups, links: Object.fromEntries(links) } };
}

/** Checks a document. @throws ConfigError BRIDGE_CONFIG. */
export function checkDocument(document: ConfigDocument): CheckedBridgeConfig {
  const { config, findings } = inspectDocument(document);
  if (config) return { config, findings };
  throw new ConfigError("BRIDGE_CONFIG", `The configuration ${document.file ?? "of the bridge"}`, findings);
}

/** Returns all findings about a document; `config` is undefined if a finding is an error. */
export function inspectDocument(document: ConfigDocument): {
  readonly config: BridgeConfig | undefined;
  readonly findings: readonly Finding[];
} {
  const { value, findings: ofShape } = checkShape(BridgeSchema, document);
  if (value === undefined) return { config: undefined, findings: inOrder(ofShape) };
  // Here the compiler checks that the schema and the public types agree.
  const config: BridgeConfig = value;
  const findings = [...ofShape];
  checkLinks(config, checkGroups(config, document, findings), document, findings);
  const failed = findings.some(({ severity }) => severity === "error");
  return { config: failed ? undefined : config, findings: inOrder(findings) };
}

/** In the order of the file. */
function inOrder(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

/** Removes functions, which only programs can give: the schema does not know them. */
function withoutMaps(config: BridgeConfig): {
  readonly plain: unknown;
  readonly maps: ReadonlyMap<string, MapMessage>;
} {
  const maps = new Map<string, MapMessage>();
  if (typeof config !== "object" || config === null || typeof config.links !== "object" || config.links === null)
    return { plain: config, maps };
  const links = Object.entries(config.links).map(([name, link]) => {
    if (typeof link !== "object" || link === null || typeof link.map !== "function") return [name, link] as const;
    const { map, ...rest } = link;
    maps.set(name, map);
    return [name, rest] as const;
  });
  return { plain: { ...config, links: Object.fromEntries(links) }, maps };
}
