/** Reads the input of a `topology` command: one description, or the XML files of brokers. */
import { readFile, stat } from "node:fs/promises";
import type { Finding } from "../../config/finding.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { checkTopology } from "../../topology/check/check-topology.ts";
import { readTopologyFile } from "../../topology/description/read-topology.ts";
import type { Topology } from "../../topology/description/topology.ts";
import { readBrokerXml } from "../../topology/read/read-broker-xml.ts";

export interface LoadedTopology {
  readonly topology: Topology;
  /** Findings of reading and of checking. */
  readonly findings: readonly Finding[];
}

const MAX_FILE_BYTES = 16 * 1024 * 1024;

/**
 * Rejects with TOPOLOGY_INVALID for a bad description, INVALID_ARGUMENT for files that do not belong together or cannot
 * be read.
 */
export async function loadTopology(
  files: readonly string[],
  set: Readonly<Record<string, string>>,
): Promise<LoadedTopology> {
  const xml = files.filter((file) => file.toLowerCase().endsWith(".xml"));
  if (xml.length > 0 && xml.length < files.length)
    throw new InvalidArgumentError("Give either one description or the XML files of brokers, not both");
  if (xml.length > 0)
    return readBrokerXml(new Map(await Promise.all(xml.map(async (file) => [file, await readText(file)] as const))), {
      set,
    });
  const [file, ...others] = files;
  if (file === undefined || others.length > 0)
    throw new InvalidArgumentError(`Give one description; found ${files.length} files`);
  const topology = await readTopologyFile(file, { env: { ...process.env, ...set } });
  return { topology, findings: checkTopology(topology) };
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    // For a larger file the reader only needs to see that it is too long.
    return size > MAX_FILE_BYTES ? " ".repeat(MAX_FILE_BYTES) : await readFile(file, "utf8");
  } catch (reason) {
    const code = reason instanceof Error && "code" in reason ? String(reason.code) : String(reason);
    throw new InvalidArgumentError(`${file} cannot be read: ${code}`, { cause: reason });
  }
}
