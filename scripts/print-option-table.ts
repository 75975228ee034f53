/** Prints docs/options.md: `npx tsx scripts/print-option-table.ts > docs/options.md`. */
import { renderOptionTable } from "./render-option-table.ts";

process.stdout.write(renderOptionTable());
