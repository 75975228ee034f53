/** The command line of a soak. */
import { Command } from "commander";
import type { Product, Protocol } from "../brokers/group-contract.ts";
import { FAULT_KINDS } from "./fault-plan.ts";

export interface SoakCommand {
  readonly minutes: number;
  readonly seed: number;
  readonly product?: Product;
  readonly protocol?: Protocol;
  readonly faults?: string;
  readonly play?: string;
  readonly legSeconds: number;
  readonly heartbeat: number;
  readonly rest: number;
}

export function readSoakCommand(): SoakCommand {
  return new Command("soak")
    .option("--minutes <n>", "how long faults are played, over all pairs", Number, 10)
    .option("--seed <n>", "draws the faults; the same seed draws the same ones", Number, Date.now() % 1_000_000)
    .option("--product <name>", "classic or artemis; both, one after the other, unless said")
    .option("--protocol <name>", "stomp or amqp; both, side by side, unless said")
    .option("--faults <kinds>", `only these, by commas: ${FAULT_KINDS.join(",")}`)
    .option("--play <list>", "these faults, as an earlier run has told them")
    .option(
      "--leg-seconds <n>",
      "after so long everything settles, the books are closed, and loads begin anew",
      Number,
      90,
    )
    .option("--heartbeat <ms>", "heartbeatMs of the clients", Number, 2_000)
    .option("--rest <ms>", "a pause after each piece of work", Number, 40)
    .parse()
    .opts<SoakCommand>();
}
