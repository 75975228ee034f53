/** The contents of a production install of the packed library, by package. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export interface InstalledPackage {
  readonly name: string;
  readonly files: number;
  /** The total size of the files' contents. */
  readonly bytes: number;
}

const run = promisify(execFile);

/** The largest package first, and the sum at the end. */
export async function measureInstalled(): Promise<InstalledPackage[]> {
  const directory = await mkdtemp(join(tmpdir(), "installed-"));
  try {
    const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", directory]);
    const [{ filename }] = JSON.parse(stdout) as [{ readonly filename: string }];
    await writeFile(join(directory, "package.json"), JSON.stringify({ private: true }));
    await run("npm", ["install", "--omit=dev", "--no-audit", "--no-fund", "--ignore-scripts", `./${filename}`], {
      cwd: directory,
    });
    const packages = await packagesIn(join(directory, "node_modules"));
    packages.sort((a, b) => b.bytes - a.bytes);
    const sum = (of: "files" | "bytes") => packages.reduce((total, found) => total + found[of], 0);
    return [...packages, { name: `all ${packages.length}`, files: sum("files"), bytes: sum("bytes") }];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function packagesIn(directory: string, scope = ""): Promise<InstalledPackage[]> {
  const found: InstalledPackage[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (!entry.isDirectory() || entry.name.startsWith(".")) continue;
    if (entry.name.startsWith("@")) found.push(...(await packagesIn(path, `${entry.name}/`)));
    else {
      const { version } = JSON.parse(await readFile(join(path, "package.json"), "utf8")) as { version: string };
      const nested = await packagesIn(join(path, "node_modules")).catch(() => []);
      found.push({ name: `${scope}${entry.name} ${version}`, ...(await sizeOf(path)) }, ...nested);
    }
  }
  return found;
}

async function sizeOf(directory: string): Promise<{ files: number; bytes: number }> {
  const size = { files: 0, bytes: 0 };
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      if (entry.name === "node_modules") continue;
      const inner = await sizeOf(path);
      size.files += inner.files;
      size.bytes += inner.bytes;
    } else {
      size.files += 1;
      size.bytes += (await stat(path)).size;
    }
  }
  return size;
}
