/** Which files of stompit are loaded: not qs, an old version of which comes with it and every scanner reports. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..", "..");
const USED = ["stompit/lib/Client.js", "stompit/lib/IncomingFrameStream.js"];

/** The packages whose files are loaded when these modules are, in a process of its own. */
async function packagesLoadedBy(modules: readonly string[]): Promise<readonly string[]> {
  const program = `for (const name of ${JSON.stringify(modules)}) require(name); console.log(JSON.stringify(Object.keys(require.cache)))`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", program], { cwd: ROOT });
  const files = JSON.parse(stdout) as string[];
  return [...new Set(files.flatMap((file) => /node_modules[\\/]([^\\/]+)/.exec(file)?.[1] ?? []))].sort();
}

describe("what we load of stompit", () => {
  it("is two of its modules, imported by name everywhere in src", () => {
    const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
      .map((name) => readFileSync(join(ROOT, "src", name), "utf8"));
    const imports = sources.flatMap((text) => text.match(/^import (?!type ).*from "stompit[^"]*";$/gm) ?? []);
    const dynamic = sources.flatMap((text) => text.match(/import\("stompit/g) ?? []);
    expect(new Set(imports.map((line) => /"(.*)"/.exec(line)?.[1]))).toEqual(new Set(USED));
    expect(dynamic).toEqual([]);
  });

  it("does not load qs, which stompit's index does", async () => {
    expect(await packagesLoadedBy(USED)).toEqual(["stompit"]);
    expect(await packagesLoadedBy(["stompit"])).toContain("qs");
  });

  it("is what the VEX statement says of the version that is installed", () => {
    const vex = JSON.parse(readFileSync(join(ROOT, "docs", "vex.openvex.json"), "utf8"));
    const { version } = JSON.parse(readFileSync(join(ROOT, "node_modules", "qs", "package.json"), "utf8"));
    expect(vex.statements).toHaveLength(2);
    for (const { products, status, impact_statement: impact } of vex.statements) {
      expect(status).toBe("not_affected");
      expect(products[0].subcomponents).toEqual([{ "@id": `pkg:npm/qs@${version}` }]);
      for (const name of USED) expect(impact).toContain(name);
    }
  });
});
