/** `masterslave topology export`. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { type ExportTarget, exportTopology } from "../../topology/export/export-topology.ts";
import { loadTopology } from "./load-topology.ts";
import { type ActionResult, runAction } from "./run-action.ts";

export interface ExportOptions {
  readonly output: string;
  readonly target: ExportTarget;
  readonly directory?: string;
  readonly force: boolean;
  readonly set: Readonly<Record<string, string>>;
}

export function exportAction(files: readonly string[], options: ExportOptions): Promise<number> {
  return runAction("export", options.output, () => exportFiles(files, options));
}

async function exportFiles(
  files: readonly string[],
  { target, directory, force, set }: ExportOptions,
): Promise<ActionResult> {
  const { topology } = await loadTopology(files, set);
  const written = exportTopology(topology, { target });
  if (directory === undefined) {
    const text = [...written].map(([name, content]) => `### ${name}\n${content}`).join("");
    return { text, data: { files: Object.fromEntries(written) } };
  }
  for (const [name, content] of written) await write(join(directory, name), content, force);
  const names = [...written.keys()];
  return { text: names.map((name) => `wrote ${join(directory, name)}\n`).join(""), data: { directory, files: names } };
}

async function write(file: string, content: string, force: boolean): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, content, { flag: force ? "w" : "wx" });
  } catch (reason) {
    const code = reason instanceof Error && "code" in reason ? String(reason.code) : String(reason);
    const advice = code === "EEXIST" ? "it is there already; add --force to overwrite it" : code;
    throw new InvalidArgumentError(`${file} cannot be written: ${advice}`, { cause: reason });
  }
}
