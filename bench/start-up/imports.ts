/** Measures cold imports, each in a process of its own, with the modules in turn. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { loadedFiles } from "../../test/support/loaded-files.ts";
import { median } from "../statistics.ts";

export interface ImportCost {
  readonly module: string;
  readonly ms: number;
  readonly beyondMs: number;
  /** How many JavaScript files were read, without Node's own. */
  readonly files: number;
  readonly ours: number;
  /** Modules of Node's own that were not loaded before. */
  readonly builtin: number;
}

const EMPTY = "data:text/javascript,";
const NAME = "masterslave-transport";
const MODULES = {
  "an empty module": EMPTY,
  ...Object.fromEntries([".", "./transport", "./stomp", "./amqp"].map((path) => [path, NAME + path.slice(1)])),
  "stompit alone": "stompit",
  "rhea alone": "rhea",
};

export async function measureImports(runs: number): Promise<ImportCost[]> {
  const times = new Map<string, number[]>(Object.keys(MODULES).map((module) => [module, []]));
  let builtin = new Map<string, number>();
  for (let run = 0; run < runs; run++) {
    for (const [module, specifier] of Object.entries(MODULES)) {
      const cost = await importOnce(specifier);
      times.get(module)?.push(cost.ms);
      builtin = builtin.set(module, cost.builtin);
    }
  }
  const emptyMs = median(times.get("an empty module") ?? []);
  const costs: ImportCost[] = [];
  for (const [module, specifier] of Object.entries(MODULES)) {
    const ms = median(times.get(module) ?? []);
    const { files, ours } = specifier === EMPTY ? { files: [], ours: [] } : await loadedFiles(specifier);
    const counts = { files: files.length, ours: ours.length, builtin: builtin.get(module) ?? 0 };
    costs.push({ module, ms, beyondMs: ms - emptyMs, ...counts });
  }
  return costs;
}

async function importOnce(specifier: string): Promise<{ readonly ms: number; readonly builtin: number }> {
  const program = `const before = process.moduleLoadList.length; const from = performance.now();
    await import(${JSON.stringify(specifier)});
    console.log(JSON.stringify({ ms: performance.now() - from, builtin: process.moduleLoadList.length - before }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  return JSON.parse(stdout) as { ms: number; builtin: number };
}
