/** Shared by all benches: the command line and the table. */
import Table from "cli-table3";
import { Command } from "commander";
import { wholeFrom } from "../test/support/command-numbers.ts";

export function readOptions(
  name: string,
  defaults: { readonly runs: number },
): { readonly runs: number; readonly json: boolean } {
  const program = new Command(name)
    .option("--runs <n>", "measurements per line", wholeFrom(1), defaults.runs)
    .option("--json", "print figures as JSON", false)
    .parse();
  return program.opts();
}

export function printTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) table.push([...row]);
  console.log(table.toString());
}
