/**
 * Lists the packages that the build has bundled into dist/: their licences, and a bill of materials (CycloneDX 1.5).
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** `inputs`: every file that was bundled. Writes THIRD-PARTY-LICENSES.txt and sbom.json into `directory`. */
export function writeThirdParty(inputs: readonly string[], directory: string): void {
  const packages = [...new Set(inputs.flatMap(packageOf))].sort().map((path) => ({ path, ...manifestOf(path) }));
  const texts = packages.map(({ path, name, version, license }) => {
    return `${name} ${version} (${license ?? "no licence named"})\n\n${licenceText(path)}\n`;
  });
  const rule = `${"-".repeat(80)}\n\n`;
  writeFileSync(join(directory, "THIRD-PARTY-LICENSES.txt"), texts.join(rule));
  const components = packages.map(({ name, version, license }) => ({
    type: "library",
    name,
    version,
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    licenses: license === undefined ? [] : [{ license: { id: license } }],
  }));
  const bill = { bomFormat: "CycloneDX", specVersion: "1.5", version: 1, components };
  writeFileSync(join(directory, "sbom.json"), `${JSON.stringify(bill, undefined, 2)}\n`);
}

/** Returns the folder of the package that a file belongs to; undefined for a file of this repository. */
function packageOf(input: string): string[] {
  const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input) ?? [];
  return folder === undefined ? [] : [folder];
}

function manifestOf(path: string): PackageFile {
  return JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as PackageFile;
}

function licenceText(path: string): string {
  const file = existsSync(path) && readdirSync(path).find((name) => /^licen[cs]e/i.test(name));
  if (!file) throw new Error(`${path} is joined into the build and has no licence file: ask before it is shipped`);
  return readFileSync(join(path, file), "utf8").trim();
}
