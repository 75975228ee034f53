/** Reads a network from its brokers' own configuration files. */
import type { ConfigDocument } from "../../config/config-document.ts";
import { type ConfigPath, type Finding, formatPath } from "../../config/finding.ts";
import { checkTopology } from "../check/check-topology.ts";
import { setDocument } from "../description/read-topology.ts";
import type { Topology } from "../description/topology.ts";
import { isDynamic } from "../network/discovery-uri.ts";
import { networkOf } from "../network/network.ts";
import { assemble } from "./assemble.ts";
import type { ReadBroker, ReadDeps } from "./broker.ts";
import { groupBrokers } from "./group-brokers.ts";
import { replacePlaceholders, unknownPlaceholders } from "./placeholders.ts";
import { readArtemisBroker } from "./read-artemis.ts";
import { readClassicBrokers } from "./read-classic.ts";
import { READ_FINDINGS, type ReadFindingCode } from "./read-findings.ts";
import { descendants, type Place, placeOf, readXml } from "./xml-document.ts";

/** The text of each file by its name; members are named after their files. */
export type BrokerFiles = ReadonlyMap<string, string> | Readonly<Record<string, string>>;

/** The options of reading. */
export interface ReadBrokerXmlOptions {
  /** Values of placeholders; none when left out. */
  readonly set?: Readonly<Record<string, string>> | undefined;
}

/** A network that was read back. */
export interface ReadBrokerXmlResult {
  /** The network; empty if nothing could be read. */
  readonly topology: Topology;
  /** What could not be read, followed by the findings of `checkTopology`, each with file, line and column. */
  readonly findings: readonly Finding[];
}

/**
 * Reads activemq.xml and broker.xml files of any number of brokers. Placeholders without a value are kept. Never throws
 * because of a file's content: problems are in `findings`.
 */
export function readBrokerXml(files: BrokerFiles, { set = {} }: ReadBrokerXmlOptions = {}): ReadBrokerXmlResult {
  const findings: Finding[] = [];
  const report = (code: ReadFindingCode, place: Place, message: string, advice: string) => {
    findings.push({ code, severity: READ_FINDINGS[code].severity, path: "", ...place, message, advice });
  };
  const brokers = [...entriesOf(files)].flatMap(([file, text]) => brokersIn(file, text, set, report));
  const { topology, places } = assemble(groupBrokers(uniqueMembers(brokers)));
  setDocument(topology, documentOf(topology, places));
  reportTargets(topology, places, report);
  return { topology, findings: [...findings, ...checkTopology(topology).map((each) => dependent(topology, each))] };
}

function* entriesOf(files: BrokerFiles): Iterable<[string, string]> {
  if (files instanceof Map) yield* files as ReadonlyMap<string, string>;
  else yield* Object.entries(files as Readonly<Record<string, string>>);
}

function brokersIn(
  file: string,
  text: string,
  set: Readonly<Record<string, string>>,
  report: ReadDeps["report"],
): ReadBroker[] {
  const root = readXml(text, file, report);
  if (!root) return [];
  const told = new Set<string>();
  const value = (written: string, place: Place): string => {
    const found = replacePlaceholders(written, set);
    for (const name of unknownPlaceholders(found)) {
      if (told.has(name)) continue;
      told.add(name);
      report(
        "DEPENDS_ON_PLACEHOLDER",
        place,
        `A value depends on ${name}`,
        `Give it with --set ${name.replace(/[${}#]/g, "") || "NAME"}=VALUE`,
      );
    }
    return found;
  };
  const deps: ReadDeps = { file, value, report };
  for (const name of ["import", "include"])
    for (const each of descendants(root, name))
      if (each.hasAttribute("resource") || each.hasAttribute("href"))
        report(
          "IMPORT_NOT_FOLLOWED",
          placeOf(each, file),
          `The file imports ${each.getAttribute("resource") ?? each.getAttribute("href")}`,
          "Give that file as well",
        );
  const cores = root.localName === "core" ? [root] : descendants(root, "core");
  const brokers = [
    ...readClassicBrokers(root, deps),
    ...cores.slice(0, 1).map((core) => readArtemisBroker(core, deps)),
  ];
  if (brokers.length === 0)
    report(
      "NO_BROKER",
      placeOf(root, file),
      "The file has neither <broker> nor <core>",
      "Give an activemq.xml or a broker.xml",
    );
  return brokers;
}

/** Files of one name in different folders may give members the same name. */
function uniqueMembers(brokers: readonly ReadBroker[]): ReadBroker[] {
  const taken = new Set<string>();
  return brokers.map((broker) => {
    let member = broker.member;
    for (let number = 2; taken.has(member); number += 1) member = `${broker.member}-${number}`;
    taken.add(member);
    return { ...broker, member };
  });
}

function reportTargets(topology: Topology, places: ReadonlyMap<string, Place>, report: ReadDeps["report"]): void {
  for (const { index, to, uri, connector } of networkOf(topology).connectors) {
    if (to.length > 0 || isDynamic(uri?.agent) || unknownPlaceholders(connector.uri ?? "").length > 0) continue;
    const place = places.get(formatPath(["connectors", index, "uri"])) ?? places.get(formatPath(["connectors", index]));
    if (place)
      report(
        "TARGET_UNKNOWN",
        place,
        `No file belongs to ${connector.uri ?? "the connector's target"}`,
        "Give the files of the brokers it leads to, named as their hosts are",
      );
  }
}

/** A finding about a text with a placeholder may be wrong, and says so. */
function dependent(topology: Topology, finding: Finding): Finding {
  const index = Number(/^connectors\[(\d+)\]/.exec(finding.path)?.[1] ?? Number.NaN);
  const [name] = unknownPlaceholders(topology.connectors?.[index]?.uri ?? "");
  return name === undefined ? finding : { ...finding, message: `${finding.message}; this depends on ${name}` };
}

/**
 * A document whose parts come from several files. A part without a position of its own has that of the part around it.
 */
function documentOf(topology: Topology, places: ReadonlyMap<string, Place>): ConfigDocument {
  const placeAt = (path: ConfigPath): Place | undefined => {
    for (let length = path.length; length > 0; length -= 1) {
      const place = places.get(formatPath(path.slice(0, length)));
      if (place) return place;
    }
    return undefined;
  };
  return {
    value: topology,
    findings: [],
    file: undefined,
    finding: ({ code, severity = "error", path, message, advice }) => {
      return { code, severity, path: formatPath(path), file: undefined, ...placeAt(path), message, advice };
    },
  };
}
