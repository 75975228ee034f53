/** `npm run kill:bridge -- --rounds N`: the kill matrix of the bridge over products and protocols; exits 0 only when every promise held. */
import { Command, Option } from "commander";
import { wholeFrom } from "../../support/command-numbers.ts";
import type { Product, Protocol } from "../group-contract.ts";
import { startGroup } from "../real-group.ts";
import { type KillRound, killRound, VICTIMS, type Victim } from "./kill-round.ts";

const program = new Command("kill:bridge")
  .option("--rounds <n>", "kills of each victim and combination", wholeFrom(1), 5)
  .addOption(new Option("--source <product>", "both unless said").choices(["classic", "artemis"]))
  .addOption(new Option("--target <product>", "both unless said").choices(["classic", "artemis"]))
  .addOption(new Option("--from <protocol>", "both unless said").choices(["stomp", "amqp"]))
  .addOption(new Option("--to <protocol>", "both unless said").choices(["stomp", "amqp"]))
  .addOption(new Option("--victim <name>", "all unless said").choices(VICTIMS))
  .parse();
const chosen = program.opts<{
  rounds: number;
  source?: Product;
  target?: Product;
  from?: Protocol;
  to?: Protocol;
  victim?: Victim;
}>();
const PRODUCTS = ["classic", "artemis"] as const;
const PROTOCOLS = ["amqp", "stomp"] as const;

console.log(
  "| source | target | victim | kills | sent | lost | stored twice | out of order | blind, ms (median, worst) |",
);
console.log("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
let held = true;
for (const source of chosen.source ? [chosen.source] : PRODUCTS) {
  for (const target of chosen.target ? [chosen.target] : PRODUCTS) held = (await runProducts(source, target)) && held;
}
process.exitCode = held ? 0 : 1;

async function runProducts(source: Product, target: Product): Promise<boolean> {
  const groups = [await startGroup(source), await startGroup(target)] as const;
  let ok = true;
  try {
    for (const from of chosen.from ? [chosen.from] : PROTOCOLS)
      for (const to of chosen.to ? [chosen.to] : PROTOCOLS)
        for (const victim of chosen.victim ? [chosen.victim] : VICTIMS) {
          const rounds: KillRound[] = [];
          for (let n = 0; n < chosen.rounds; n += 1)
            rounds.push(await killRound({ source: groups[0], target: groups[1], protocols: [from, to] }, victim));
          const sum = (pick: (round: KillRound) => number) => rounds.reduce((total, round) => total + pick(round), 0);
          const blind = rounds.map(({ blindMs }) => blindMs).sort((a, b) => a - b);
          const [lost, twice] = [sum((round) => round.lost), sum((round) => round.storedTwice)];
          ok = ok && lost === 0 && (target === "classic" || twice === 0);
          const cells = [
            `${source} ${from}`,
            `${target} ${to}`,
            victim,
            rounds.length,
            sum((round) => round.sent),
            lost,
            twice,
          ];
          cells.push(
            sum((round) => round.outOfOrder),
            `${blind[Math.floor(blind.length / 2)]}, ${blind.at(-1)}`,
          );
          console.log(`| ${cells.join(" | ")} |`);
        }
  } finally {
    await Promise.all(groups.map((group) => group.close()));
  }
  return ok;
}
