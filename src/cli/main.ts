/** The verbs of the command line; one file each. */
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
