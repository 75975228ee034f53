/** Writes the table of states into docs/architecture.md: `npx tsx scripts/print-transition-table.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { withTransitionTable } from "./render-transition-table.ts";

const file = new URL("../docs/architecture.md", import.meta.url);
writeFileSync(file, withTransitionTable(readFileSync(file, "utf8")));
