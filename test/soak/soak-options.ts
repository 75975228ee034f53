/** The command line of a soak. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { Product, Protocol } from "../brokers/group-contract.ts";
import { positive, wholeFrom } from "../support/command-numbers.ts";
import { FAULT_KINDS, type FaultKind, isKind, type PlannedFault, parseFaults } from "./fault-plan.ts";

export interface SoakCommand {
  readonly minutes: number;
  readonly seed: number;
  readonly product?: Product;
  readonly protocol?: Protocol;
  readonly faults?: readonly FaultKind[];
  readonly play?: readonly PlannedFault[];
  readonly legSeconds: number;
  readonly heartbeat: number;
  readonly rest: number;
  readonly strained: boolean;
}

export function readSoakCommand(): SoakCommand {
  return new Command("soak")
    .option("--minutes <n>", "how long faults are played, over all pairs", positive, 10)
    .option("--seed <n>", "draws the faults; the same seed draws the same ones", wholeFrom(0), Date.now() % 1_000_000)
    .addOption(new Option("--product <name>", "both, one after the other, unless said").choices(["classic", "artemis"]))
    .addOption(new Option("--protocol <name>", "both, side by side, unless said").choices(["stomp", "amqp"]))
    .option("--faults <kinds>", `only these, by commas: ${FAULT_KINDS.join(",")}`, readKinds)
    .option("--play <list>", "these faults, as an earlier run has told them; the soak ends with them", readFaults)
    .option(
      "--leg-seconds <n>",
      "after so long everything settles, the books are closed, and loads begin anew",
      positive,
      90,
    )
    .option("--heartbeat <ms>", "heartbeatMs of the clients", wholeFrom(1), 2_000)
    .option("--rest <ms>", "a pause after each piece of work", wholeFrom(0), 40)
    .option(
      "--strained",
      "on brokers at their limits: Artemis pages everything, Classic spools and rolls its files over",
      false,
    )
    .parse()
    .opts<SoakCommand>();
}

function readKinds(text: string): FaultKind[] {
  const kinds = text.split(",");
  const unknown = kinds.find((kind) => !isKind(kind));
  if (unknown !== undefined) throw new InvalidArgumentError(`There is no fault "${unknown}".`);
  return kinds.filter(isKind);
}

function readFaults(text: string): readonly PlannedFault[] {
  try {
    return parseFaults(text);
  } catch (reason) {
    throw new InvalidArgumentError(reason instanceof Error ? reason.message : String(reason));
  }
}
