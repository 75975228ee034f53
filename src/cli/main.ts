/** The commands of the command line, one file each. */
import { Command, CommanderError } from "commander";
import { VERSION } from "../testing/product.ts";
import { bridgeCommand } from "./bridge/command.ts";
import { type DemoSurroundings, demoCommand } from "./demo.ts";
import { topologyCommand } from "./topology/topology.ts";

const USAGE = 2;

/** Runs the command line; resolves with the exit code. */
export async function main(argv: readonly string[], surroundings: DemoSurroundings = {}): Promise<number> {
  let exitCode = 0;
  const exit = (code: number) => {
    exitCode = code;
  };
  const program = new Command("masterslave")
    .description("The client side of broker high availability")
    .version(VERSION)
    .addCommand(demoCommand(surroundings, exit))
    .addCommand(bridgeCommand(exit))
    .addCommand(topologyCommand(exit));
  // Commands copy this setting only when they are added after it, so it is set on each.
  const verbs = [program, ...program.commands].flatMap((command) => [command, ...command.commands]);
  for (const command of verbs) command.exitOverride();
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (reason) {
    if (!(reason instanceof CommanderError)) throw reason;
    // commander has printed the help or the mistake already.
    return reason.exitCode === 0 ? 0 : USAGE;
  }
  return exitCode;
}
