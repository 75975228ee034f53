/**
 * `npm run bench`: answers the questions about speed. For each, our package and its peers run in turn against the same
 * server, and the result says whether the goal was met.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { wholeFrom } from "../test/support/command-numbers.ts";
import { QUESTIONS } from "./questions/index.ts";
import { printTable } from "./report.ts";
import { type Answer, describeGoal, renderAnswers, withAnswers } from "./runner/benchmark-page.ts";
import { isMet, type PeerSummary, summarize } from "./runner/compare.ts";
import type { Question } from "./runner/question.ts";
import { ratioChart } from "./runner/ratio-chart.ts";
import { runQuestion } from "./runner/run-question.ts";

interface Options {
  readonly pairs: number;
  readonly only?: string;
  readonly window?: number;
  readonly bodyBytes?: number;
  readonly quick: boolean;
  readonly json: boolean;
  readonly write: boolean;
}

const options = new Command("bench")
  .option("--pairs <n>", "rounds that count; one more comes before them", wholeFrom(1), 5)
  .option("--only <questions>", `some of ${QUESTIONS.map(({ name }) => name).join(",")}`)
  .option("--window <n>", "another number of unanswered sends; goals do not apply then", wholeFrom(1))
  .option("--body-bytes <n>", "another size of body; goals do not apply then", wholeFrom(1))
  .option("--quick", "a look at whether it works: few messages", false)
  .option("--json", "print figures as JSON", false)
  .option("--write", "into docs/benchmarks.md and docs/benchmarks.svg", false)
  .parse()
  .opts<Options>();

const wanted = options.only?.split(",");
const unknown = wanted?.filter((name) => !QUESTIONS.some((question) => question.name === name)) ?? [];
if (unknown.length > 0) throw new Error(`There is no question ${unknown.join(", ")}: see bench --help`);
const varied = options.window !== undefined || options.bodyBytes !== undefined;
if (varied && options.write)
  throw new Error("The page shows the questions as they are: --write without --window and --body-bytes");
const results: Answer[] = [];
for (const question of QUESTIONS.filter(({ name }) => wanted?.includes(name) ?? true).map(vary)) {
  const rounds = await runQuestion(question, { pairs: options.pairs, ...spanOf(question) });
  const peers = summarize(rounds, question.peers[0], question.figure);
  results.push({ question, peers });
  if (!options.json) show(question, peers);
}
if (options.json) console.log(JSON.stringify(results, undefined, 2));
if (options.write) writePage();

function vary(question: Question): Question {
  if (!varied) return question;
  const { window = question.work.window ?? 1, bodyBytes = question.work.bodyBytes } = options;
  const asks = `${question.asks} (with bodies of ${bodyBytes} bytes and a window of ${window})`;
  return { ...question, asks, work: { ...question.work, window, bodyBytes }, goals: [] };
}

/** With one send at a time, it takes seconds until the code of the package and the peers is compiled. */
function spanOf({ figure }: Question) {
  if (options.quick) return { measureMs: 300, warmUpMs: 100, messages: 1_000 };
  if (figure === "latency") return { measureMs: 2_000, warmUpMs: 2_000, messages: 15_000 };
  return { measureMs: 1_200, warmUpMs: 500, messages: 15_000 };
}

function writePage(): void {
  const page = new URL("../docs/benchmarks.md", import.meta.url);
  writeFileSync(page, withAnswers(readFileSync(page, "utf8"), renderAnswers(results, options)));
  writeFileSync(new URL("../docs/benchmarks.svg", import.meta.url), ratioChart(results));
}

function show({ name, asks, figure, goals }: Question, peers: readonly PeerSummary[]): void {
  console.log(`\n${name}: ${asks} Ratios are of ${figure}.`);
  printTable(
    ["peer", "messages/s (median)", "least to most", "CPU us/message", "RSS MiB", "p50 ms", "ours/peer", "goal"],
    peers.map((summary) => [
      summary.peer,
      summary.ratePerSecond.toFixed(0),
      summary.rateRange.map((rate) => rate.toFixed(0)).join(" to "),
      summary.cpuUsPerMessage.toFixed(1),
      summary.rssMiB.toFixed(0),
      summary.p50Ms?.toFixed(3) ?? "",
      summary.ratio.toFixed(2),
      goals
        .filter(({ peer }) => peer === summary.peer)
        .map((goal) => `${describeGoal(goal)}: ${isMet(goal, summary.ratio) ? "met" : "not met"}`)
        .join(),
    ]),
  );
}
