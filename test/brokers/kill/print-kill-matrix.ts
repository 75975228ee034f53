/** `npm run kill -- --rounds N [--loads all]`: the kill matrix over {Classic, Artemis} x {STOMP, AMQP}; exits 0 only when every promise held. */
import { Command, InvalidArgumentError, Option } from "commander";
import { wholeFrom } from "../../support/command-numbers.ts";
import { PAIR_KINDS, type PairKind, type Product, type Protocol } from "../group-contract.ts";
import { runLoadMatrix } from "./load-matrix.ts";
import { chooseLoads, LOADS } from "./loads/all-loads.ts";
import { runSendMatrix } from "./send-matrix.ts";

const program = new Command("kill")
  .option("--rounds <n>", "kills per combination", wholeFrom(1), 5)
  .option("--loads <names>", `all, or some of ${Object.keys(LOADS).join(",")}; plain sends unless said`, readLoads)
  .option("--batch <n>", "kills after which the books are closed and a fresh pair is used", wholeFrom(1), 10)
  .option("--load-ms <n>", "how long the load runs before each kill", wholeFrom(0), 700)
  .addOption(new Option("--product <name>", "both unless said").choices(["classic", "artemis"]))
  .addOption(new Option("--protocol <name>", "both unless said").choices(["stomp", "amqp"]))
  .addOption(
    new Option("--kind <name>", "what kind of pair; all but shared-store are Artemis's alone")
      .choices(PAIR_KINDS)
      .default("shared-store"),
  )
  .option(
    "--strained",
    "on brokers at their limits: Artemis pages everything, Classic spools and rolls its files over",
    false,
  )
  .option("--window <n>", "unconfirmed sends at any time, for plain sends", wholeFrom(1), 1000)
  .option("--double", "with --loads: kill the next active member too, as soon as it serves", false)
  .option("--json", "print the reports as JSON", false)
  .parse();
const { product, protocol, loads, kind, ...numbers } = program.opts<{
  rounds: number;
  loads?: ReturnType<typeof chooseLoads>;
  batch: number;
  loadMs: number;
  strained: boolean;
  window: number;
  double: boolean;
  product?: Product;
  protocol?: Protocol;
  kind: PairKind;
  json: boolean;
}>();

if (product === "classic" && kind !== "shared-store") program.error(`Classic has no pair of the kind "${kind}"`);
const all: readonly Product[] = kind === "shared-store" ? ["classic", "artemis"] : ["artemis"];
const options = {
  ...numbers,
  kind,
  products: product ? [product] : all,
  protocols: protocol ? [protocol] : (["stomp", "amqp"] as const),
};
const held = loads === undefined ? runSendMatrix(options) : runLoadMatrix({ ...options, loads });
process.exitCode = (await held) ? 0 : 1;

function readLoads(text: string): ReturnType<typeof chooseLoads> {
  try {
    return chooseLoads(text);
  } catch (reason) {
    throw new InvalidArgumentError(reason instanceof Error ? reason.message : String(reason));
  }
}
