/** Writes a network as the configuration of what runs it. */
import { InvalidArgumentError, UnsupportedError } from "../../errors/errors.ts";
import type { Product, Topology } from "../description/topology.ts";
import { networkOf, productOf } from "../network/network.ts";
import { artemisXml } from "./artemis-xml.ts";
import { bridgeFile } from "./bridge-file.ts";
import { classicXml } from "./classic-xml.ts";
import { composeFiles, kubernetesFiles } from "./containers.ts";

/** What to write: brokers' own configuration, files for containers, or that of this package's bridge. */
export type ExportTarget = "classic" | "artemis" | "compose" | "kubernetes" | "bridge";

/** What to write. */
export interface ExportTopologyOptions {
  /** What the files are for. */
  readonly target: ExportTarget;
}

/**
 * Returns the text of each file by its name, such as `brokerA1/activemq.xml`. Throws UNSUPPORTED if the description has
 * no group of the target's product, or if a bridge needs a port that a group does not have.
 */
export function exportTopology(topology: Topology, { target }: ExportTopologyOptions): Map<string, string> {
  switch (target) {
    case "classic":
    case "artemis":
      return brokerFiles(topology, target);
    case "compose":
      return composeFiles(topology);
    case "kubernetes":
      return kubernetesFiles(topology);
    case "bridge":
      return bridgeFile(topology);
    default:
      throw new InvalidArgumentError(
        `target is classic, artemis, compose, kubernetes or bridge; found ${String(target satisfies never)}`,
      );
  }
}

function brokerFiles(topology: Topology, product: Product): Map<string, string> {
  const network = networkOf(topology);
  const members = [...network.members.values()].filter(({ group }) => productOf(topology, group) === product);
  if (members.length === 0)
    throw new UnsupportedError(
      `No group of the description is of product ${product}; set product, or export the other one`,
    );
  return new Map(
    members.map(({ member, group }) =>
      product === "classic"
        ? [`${member.name}/activemq.xml`, classicXml(network, member, group)]
        : [`${member.name}/broker.xml`, artemisXml(network, member, group)],
    ),
  );
}
