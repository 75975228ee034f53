/**
 * `npm run api` writes what each entry of the built package declares into test/package/api/, one file for each entry.
 * With --check it writes nothing, shows the difference to those files, and fails if there is one.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type ExtractorMessage,
} from "@microsoft/api-extractor";
import { renderApiReport } from "./render-api-report.ts";

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, { readonly types: string } | string>>;
}

interface Entry {
  /** The entry as users import it, such as masterslave-transport/stomp. */
  readonly specifier: string;
  /** The report's file name without its extension. */
  readonly title: string;
  readonly config: ExtractorConfig;
}

const ROOT = dirname(import.meta.dirname);
const KEPT = join("test", "package", "api");
/** A directory for temporary files. */
const CACHE = join(".cache", "api");
/** The reports of the package as it is built now. */
const FOUND = join(CACHE, "found");
const SILENT = { default: { logLevel: ExtractorLogLevel.None } };

function readEntries(): Entry[] {
  const { name, exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
  return Object.entries(exports).flatMap(([subpath, target]) => {
    if (typeof target === "string") return [];
    const title = subpath === "." ? "main" : subpath.slice("./".length);
    return [{ specifier: name + subpath.slice(1), title, config: configure(title, join(ROOT, target.types)) }];
  });
}

/** test/package/surface.test.ts checks the declarations for errors, so the reports need not. */
const compilerOptions = { skipLibCheck: true };

function configure(title: string, declarations: string): ExtractorConfig {
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: declarations,
      // Only the declarations; tsconfig.json itself would include every test.
      compiler: {
        overrideTsconfig: { extends: "./tsconfig.json", compilerOptions, include: [], files: [declarations] },
      },
      newlineKind: "lf",
      apiReport: {
        enabled: true,
        reportFileName: `${title}.api.md`,
        reportFolder: join(ROOT, CACHE, "extracted"),
        reportTempFolder: join(ROOT, CACHE, "temp"),
        // Types that an exported one refers to are part of the API, exported or not.
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: SILENT,
        tsdocMessageReporting: SILENT,
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(ROOT, "package.json"),
  });
}

/** Writes one report into FOUND. Throws when API Extractor finds an error. */
function writeReport({ specifier, title, config }: Entry, compilerState: CompilerState): void {
  mkdirSync(config.reportFolder, { recursive: true });
  const { succeeded } = Extractor.invoke(config, { compilerState, localBuild: true, messageCallback: showErrors });
  if (!succeeded) throw new Error(`The declarations of ${specifier} cannot be read: run npm run build first`);
  const report = readFileSync(config.reportFilePath, "utf8");
  writeFileSync(join(ROOT, FOUND, `${title}.api.md`), renderApiReport(specifier, report));
}

/** Prints API Extractor's errors. Its other messages only report progress. */
function showErrors(message: ExtractorMessage): void {
  if (message.logLevel === ExtractorLogLevel.Error) console.error(message.text);
  message.handled = true;
}

/** Prints the difference between the kept reports and the new ones, and makes the process fail if there is one. */
function compareReports(): void {
  const command = ["diff", "--no-index", "--exit-code", KEPT, FOUND];
  const { status, error } = spawnSync("git", command, { cwd: ROOT, stdio: "inherit" });
  if (error) throw error;
  if (status === 0) return;
  console.error(`The API differs from ${KEPT}: undo the change, or run npm run api and commit the reports`);
  process.exitCode = 1;
}

function keepReports(): void {
  rmSync(join(ROOT, KEPT), { recursive: true, force: true });
  cpSync(join(ROOT, FOUND), join(ROOT, KEPT), { recursive: true });
}

function main(): void {
  rmSync(join(ROOT, CACHE), { recursive: true, force: true });
  mkdirSync(join(ROOT, FOUND), { recursive: true });
  const entries = readEntries();
  const [first, ...others] = entries.map(({ config }) => config);
  if (!first) throw new Error("package.json exports no entry that has types");
  const additionalEntryPoints = others.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath);
  const state = CompilerState.create(first, { additionalEntryPoints });
  for (const entry of entries) writeReport(entry, state);
  if (process.argv.includes("--check")) compareReports();
  else keepReports();
}

main();
