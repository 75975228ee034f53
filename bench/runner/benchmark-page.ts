/**
 * The part of docs/benchmarks.md that a run of the bench writes: whether the goals were met, and a table for each
 * question.
 */
import { isMet, type PeerSummary } from "./compare.ts";
import type { Goal, Question } from "./question.ts";

export interface Answer {
  readonly question: Question;
  readonly peers: readonly PeerSummary[];
}

const BEGIN = "<!-- bench:begin -->";
const END = "<!-- bench:end -->";

/** @throws Error if the text lacks the two marks. */
export function withAnswers(text: string, written: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`The page has no place for the tables: ${BEGIN} … ${END}`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${written}\n\n${text.slice(end)}`;
}

export function renderAnswers(answers: readonly Answer[], { pairs }: { readonly pairs: number }): string {
  const head = `Printed by \`npm run bench -- --pairs ${pairs} --write\`. Ratios are ours to the peer's, medians of ${pairs} rounds.`;
  return [head, renderGoals(answers), ...answers.map(renderAnswer)].join("\n\n");
}

export function describeGoal({ least, most }: Goal): string {
  return least === undefined ? `at most ${most}` : `at least ${least}`;
}

function renderGoals(answers: readonly Answer[]): string {
  const rows = answers.flatMap(({ question, peers }) =>
    question.goals.map((goal) => {
      const ratio = peers.find(({ peer }) => peer === goal.peer)?.ratio ?? Number.NaN;
      const word = isMet(goal, ratio) ? "met" : "not met";
      return `| ${question.name} | ${question.figure} | ${goal.peer} | ${describeGoal(goal)} | ${ratio.toFixed(2)} | ${word} |`;
    }),
  );
  return ["| question | figure | peer | goal | ours/peer |  |", "| --- | --- | --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
}

function renderAnswer({ question, peers }: Answer): string {
  const rows = peers.map(({ peer, ratePerSecond, rateRange, cpuUsPerMessage, rssMiB, p50Ms, ratio }) => {
    const rates = [ratePerSecond, ...rateRange].map((rate) => Math.round(rate).toLocaleString("en"));
    const cells = [rates[0], `${rates[1]} to ${rates[2]}`, cpuUsPerMessage.toFixed(1), rssMiB.toFixed(0)];
    return `| ${[peer, ...cells, p50Ms?.toFixed(3) ?? "", ratio.toFixed(2)].join(" | ")} |`;
  });
  return [
    `### ${question.name}`,
    `${question.asks} Ratios are of ${FIGURES[question.figure]}.`,
    [
      "| peer | messages/s | least to most | CPU us/message | RSS MiB | p50 ms | ours/peer |",
      "| --- | --- | --- | --- | --- | --- | --- |",
      ...rows,
    ].join("\n"),
  ].join("\n\n");
}

const FIGURES = {
  rate: "messages a second",
  cpu: "the client's processor time a message",
  latency: "the median latency",
} as const;
