/**
 * Searches everything that a run has printed and emitted, and the given files, for the secrets that the run planted.
 * Fails if it finds one, and if there was nothing to search or to search for.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Secret } from "../test/support/secrets/planted.ts";
import { type Leak, SecretSearch } from "../test/support/secrets/search.ts";

const KINDS = ["password", "token", "key"] as const;
/** If there is less than this, a part of the run was not recorded. */
const MIN_BYTES = 100_000;

const directory = process.env["SECRETS_DIRECTORY"] ?? ".cache/secrets";
const unrecorded = ["planted", "emitted"].find((folder) => !existsSync(join(directory, folder)));
if (unrecorded !== undefined)
  fail(
    `There is no recording in ${directory} (${unrecorded} is missing): run SECRETS_DIRECTORY=$PWD/.cache/secrets npm test first`,
  );
const filesOf = (folder: string) => readdirSync(join(directory, folder)).map((name) => join(directory, folder, name));

const secrets = filesOf("planted").map((path) => JSON.parse(readFileSync(path, "utf8")) as Secret);
const distinct = [...new Map(secrets.map((secret) => [secret.value, secret])).values()];
const search = new SecretSearch(distinct);
selfTest();

const results = [...filesOf("emitted"), ...process.argv.slice(2)].map((path) => search.inFile(path));
const leaks = results.flatMap((result) => result.leaks);
const bytes = results.reduce((sum, result) => sum + result.bytes, 0);
const counts = KINDS.map((kind) => `${distinct.filter((secret) => secret.kind === kind).length} of kind ${kind}`);
console.log(
  `Searched ${bytes} bytes in ${results.length} files for ${search.forms.length} forms of ${distinct.length} secrets that were used (${counts.join(", ")}): ${leaks.length} found`,
);
for (const { file, position, kind, form } of leaks) console.log(`  ${file}, byte ${position}: a ${kind}, ${form}`);
const missing = KINDS.filter((kind) => !distinct.some((secret) => secret.kind === kind));
if (missing.length > 0) fail(`No secret of kind ${missing.join(", ")} was planted: the run used none`);
if (bytes < MIN_BYTES) fail(`Only ${bytes} bytes were recorded: the run did not write down what it emitted`);
if (leaks.length > 0) fail("Secrets were told");

/** Checks that the search itself works: it must find each form in a text that contains it. */
function selfTest(): void {
  for (const { form, text } of search.forms) {
    const found: readonly Leak[] = search.in(Buffer.from(`before ${text} after`), "self-test");
    if (found.length === 0) fail(`The search does not find a secret that is written as ${form}`);
  }
}

function fail(why: string): never {
  console.error(why);
  process.exit(1);
}
