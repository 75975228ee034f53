/** Draws the rates of each question's peers as bars in SVG, without a library. */
import type { Answer } from "./benchmark-page.ts";

const WIDTH = 960;
const LABEL = 190;
const BAR = 18;
const ROOM = WIDTH - LABEL - 110;
const OURS = "#0b6e4f";
const THEIRS = "#9aa5b1";
const LIMIT = "#d9c27e";

/** One block for each question, with its own scale. */
export function ratioChart(answers: readonly Answer[]): string {
  let top = 56;
  const blocks = answers.map((answer) => {
    const block = renderBlock(answer, top);
    top += 34 + answer.peers.length * (BAR + 4);
    return block;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" font-family="sans-serif" font-size="13" fill="#222">
<title>Messages a second, or processor time, or latency, by client</title>
<rect width="${WIDTH}" height="${top}" fill="#fff"/>
<text x="16" y="28" font-size="16">Ours (green), other clients (grey), a bare socket (sand)</text>
${blocks.join("\n")}
</svg>
`;
}

function renderBlock({ question, peers }: Answer, top: number): string {
  const values = peers.map((peer) => {
    if (question.figure === "cpu") return peer.cpuUsPerMessage;
    return question.figure === "latency" ? (peer.p50Ms ?? 0) : peer.ratePerSecond;
  });
  const most = Math.max(...values);
  const unit = { cpu: " us", latency: " ms", rate: "/s" }[question.figure];
  const bars = peers.map(({ peer }, index) => {
    const value = values[index] ?? 0;
    const y = top + 10 + index * (BAR + 4);
    const width = Math.max(1, (value / most) * ROOM).toFixed(1);
    const text = value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(value < 1 ? 3 : 1);
    return `<text x="${LABEL - 8}" y="${y + 13}" text-anchor="end">${peer}</text><rect x="${LABEL}" y="${y}" width="${width}" height="${BAR}" fill="${colorOf(peer)}"/><text x="${(LABEL + Number(width) + 6).toFixed(1)}" y="${y + 13}">${text}${unit}</text>`;
  });
  return [`<text x="16" y="${top}" font-weight="bold">${question.name}</text>`, ...bars].join("\n");
}

function colorOf(peer: string): string {
  if (peer.startsWith("ours-")) return OURS;
  return peer.startsWith("bare-") ? LIMIT : THEIRS;
}
