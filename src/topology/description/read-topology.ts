/** Reads a description, and remembers the position of each part. */
import { checkShape } from "../../config/check-shape.ts";
import { type ConfigDocument, configDocument } from "../../config/config-document.ts";
import { ConfigError } from "../../config/config-error.ts";
import type { ConfigPath, Finding } from "../../config/finding.ts";
import { readConfigFile } from "../../config/read-config-file.ts";
import { readConfigText } from "../../config/read-config-text.ts";
import { nearestName } from "../../errors/nearest-name.ts";
import type { Topology } from "./topology.ts";
import { TopologySchema } from "./topology-schema.ts";

/** Where a text came from. */
export interface ReadTopologyOptions {
  /** The file name in findings. */
  readonly file?: string | undefined;
  /** The values for `${NAME}`; `process.env` when left out. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

const documents = new WeakMap<Topology, ConfigDocument>();

/**
 * Reads a description from YAML or JSON text, or checks one given as an object. Throws TOPOLOGY_INVALID, whose `findings`
 * list every mistake with file, line, column and advice.
 */
export function readTopology(source: string | object, options: ReadTopologyOptions = {}): Topology {
  return fromDocument(typeof source === "string" ? readConfigText(source, options) : configDocument(source));
}

/** Reads a description from a file. Rejects with TOPOLOGY_INVALID, also when the file cannot be read. */
export async function readTopologyFile(
  file: string | URL,
  options: Pick<ReadTopologyOptions, "env"> = {},
): Promise<Topology> {
  return fromDocument(await readConfigFile(file, options));
}

/** Returns the document that a topology was read from; for an object made by a program, one without positions. */
export function documentOf(topology: Topology): ConfigDocument {
  return documents.get(topology) ?? configDocument(topology);
}

/** Remembers the document of a topology that was read from another source, such as brokers' XML. */
export function setDocument(topology: Topology, document: ConfigDocument): void {
  documents.set(topology, document);
}

function fromDocument(document: ConfigDocument): Topology {
  const { value, findings } = checkShape(TopologySchema, document);
  const all = value ? [...findings, ...referenceFindings(value, document)] : findings;
  if (!value || all.some(({ severity }) => severity === "error"))
    throw new ConfigError("TOPOLOGY_INVALID", "The topology", all);
  documents.set(value, document);
  return value;
}

/** Finds names that are used and not defined. */
function referenceFindings(topology: Topology, document: ConfigDocument): Finding[] {
  const findings: Finding[] = [];
  const need = (path: ConfigPath, kind: string, name: string, known: readonly string[]) => {
    if (known.includes(name)) return;
    const nearest = nearestName(name, known);
    const advice = nearest
      ? `Did you mean ${nearest}?`
      : `Define it, or use one of ${known.slice(0, 20).join(", ") || "none"}`;
    findings.push(document.finding({ code: "UNKNOWN_NAME", path, message: `There is no ${kind} ${name}`, advice }));
  };
  const [hosts, groups] = [Object.keys(topology.hosts), Object.keys(topology.groups)];
  for (const [name, { members }] of Object.entries(topology.groups))
    for (const [index, { host }] of members.entries())
      need(["groups", name, "members", index, "host"], "host", host, hosts);
  for (const [index, { from, to, members, targets }] of (topology.connectors ?? []).entries()) {
    const path = ["connectors", index];
    need([...path, "from"], "group", from, groups);
    if (to !== undefined) need([...path, "to"], "group", to, groups);
    const namesOf = (group: string | undefined) => topology.groups[group ?? ""]?.members.map((each) => each.name) ?? [];
    for (const [at, name] of (members ?? []).entries()) need([...path, "members", at], "member", name, namesOf(from));
    for (const [at, name] of (targets ?? []).entries()) need([...path, "targets", at], "member", name, namesOf(to));
  }
  return findings;
}
