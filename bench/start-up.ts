/**
 * `npm run bench:start-up`: what the library costs before it is used: the time of a cold import, compared with an empty
 * module and with the libraries alone; the installed size; and the memory of idle connections.
 */

import { printTable, readOptions } from "./report.ts";
import { measureIdle } from "./start-up/idle.ts";
import { measureImports } from "./start-up/imports.ts";
import { measureInstalled } from "./start-up/installed.ts";

const options = readOptions("bench:start-up", { runs: 20 });
const CONNECTIONS = 500;
const KIB = 1024;

const imports = await measureImports(options.runs);
const idle = await measureIdle(CONNECTIONS);
const installed = await measureInstalled();

if (options.json) console.log(JSON.stringify({ imports, idle, installed }, undefined, 2));
else {
  console.log(`\nCold imports, each in a fresh process, in turn; median of ${options.runs}`);
  printTable(
    ["module", "ms", "beyond an empty one ms", "files", "of ours", "of Node's"],
    imports.map(({ module, ms, beyondMs, files, ours, builtin }) => [
      module,
      ms.toFixed(1),
      beyondMs.toFixed(1),
      files,
      ours,
      builtin,
    ]),
  );
  console.log(`\nMemory of one of ${CONNECTIONS} idle connections, heart-beats every 5 s, after a collection`);
  printTable(
    ["client", "heap KiB", "outside the heap KiB", `the process with ${2 * CONNECTIONS}, RSS MiB`],
    idle.map(({ client, heap, external, processRss }) => [
      client,
      ...[heap / KIB, external / KIB, processRss / KIB / KIB].map((size) => size.toFixed(1)),
    ]),
  );
  console.log("\nInstalled for production");
  printTable(
    ["package", "files", "KiB"],
    installed.map(({ name, files, bytes }) => [name, files, (bytes / KIB).toFixed(0)]),
  );
}
