/**
 * `npm run soak -- --minutes N`: random faults on real pairs under every load, and the figures; exits 0 only when every
 * promise held. The work is done in a process group of its own, so that Ctrl-C reaches this program and not the brokers.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import type { Product, Protocol } from "../brokers/group-contract.ts";
import { FAULT_KINDS, isKind, parseFaults, planFaults } from "./fault-plan.ts";
import { runSoak } from "./run-soak.ts";
import { printSoak, soakFaults } from "./soak-report.ts";

interface Options {
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

if (process.send) await soak();
else await leaveCtrlCToUs();

async function leaveCtrlCToUs(): Promise<void> {
  // Read here too, so that --help and a mistake need no second process.
  readOptions();
  const child = fork(fileURLToPath(import.meta.url), process.argv.slice(2), {
    detached: true,
    execArgv: ["--import", "tsx"],
  });
  let asked = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (asked) child.kill("SIGTERM");
      else if (child.connected) child.send("cut");
      asked = true;
      console.error("[soak] ending: everything settles first; once more to end at once");
    });
  }
  const [code] = await once(child, "exit");
  process.exitCode = code ?? 1;
}

async function soak(): Promise<void> {
  const options = readOptions();
  const cut = new AbortController();
  process.on("message", () => cut.abort());
  process.on("disconnect", () => cut.abort());
  const kinds = options.faults?.split(",") ?? FAULT_KINDS;
  const unknown = kinds.find((kind) => !isKind(kind));
  if (unknown !== undefined) throw new Error(`There is no fault ${unknown}: they are ${FAULT_KINDS.join(", ")}`);
  const plan = options.play ? parseFaults(options.play).values() : planFaults(options.seed, kinds.filter(isKind));
  const reports = await runSoak({
    products: options.product ? [options.product] : ["classic", "artemis"],
    protocols: options.protocol ? [options.protocol] : ["stomp", "amqp"],
    minutes: options.minutes,
    legSeconds: options.legSeconds,
    heartbeatMs: options.heartbeat,
    restMs: options.rest,
    plan,
    cut: cut.signal,
  });
  printSoak(reports, { seed: options.play ? undefined : options.seed });
  const faults = soakFaults(reports);
  for (const fault of faults) console.log(`FAULT ${fault}`);
  console.log(faults.length > 0 ? `\n${faults.length} promises broken` : "\nEvery promise held");
  process.exitCode = faults.length > 0 ? 1 : 0;
  process.disconnect();
}

function readOptions(): Options {
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
    .opts<Options>();
}
