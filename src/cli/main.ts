#!/usr/bin/env node
/** The command `masterslave`: one file a verb; here is only their list. */
import { pathToFileURL } from "node:url";
import { Command } from "commander";
import { type DemoSurroundings, demoCommand } from "./demo.ts";

/** Runs the command line; resolves with the exit code. */
export async function main(argv: readonly string[], surroundings: DemoSurroundings = {}): Promise<number> {
  let exitCode = 0;
  const program = new Command("masterslave").description("The client side of broker high availability").addCommand(
    demoCommand(surroundings, (code) => {
      exitCode = code;
    }),
  );
  await program.parseAsync([...argv], { from: "user" });
  return exitCode;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = await main(process.argv.slice(2));
}
