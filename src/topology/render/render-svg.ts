/** The picture: an SVG that needs nothing else, for light and dark, with a title and a description for screen readers. */
import type { MemberState } from "../simulate/simulate-topology.ts";
import { type Box, type Chord, HEADER_HEIGHT, type Layout, ROW_HEIGHT, type Row } from "./layout.ts";

const SYMBOLS: Readonly<Record<MemberState, string>> = { active: "●", standby: "○", down: "✕", cut: "⊘", unknown: "?" };

// Contrast of text on every fill is above 4.5 to 1 in both themes. Roles are told by symbol, word and border, not by colour.
const STYLE = `
  svg { --ground: #ffffff; --ink: #1b1f24; --quiet: #57606a; --box: #f6f8fa; --line: #8c959f; --link: #0a5fb4; --lost: #b3261e;
    --active: #d7f0df; --active-line: #14713d; --standby: #ffffff; --standby-line: #57606a;
    --down: #fbe3e1; --down-line: #b3261e; --cut: #f1e6fa; --cut-line: #6f3aa0; --unknown: #fff4d6; --unknown-line: #8a6100; }
  @media (prefers-color-scheme: dark) { svg { --ground: #0f1318; --ink: #e8ebef; --quiet: #a7b1bd; --box: #1a2028; --line: #66707c;
    --link: #6cb4ff; --lost: #ff9389; --active: #103a24; --active-line: #5bd197; --standby: #1a2028; --standby-line: #a7b1bd;
    --down: #45191a; --down-line: #ff9389; --cut: #33204a; --cut-line: #cfa6f5;
    --unknown: #3b2f0e; --unknown-line: #f2c14e; } }
  .ground { fill: var(--ground) } text { fill: var(--ink); font: 13px ui-sans-serif, system-ui, sans-serif }
  .host { fill: var(--box); stroke: var(--line) } .name { font-weight: 600; font-size: 12px } .word { fill: var(--quiet); font-size: 12px }
  .chord { fill: none; stroke: var(--link); stroke-width: 1.6 } .chord.lost { stroke: var(--lost); stroke-dasharray: 5 5 }
  .head { fill: var(--link) } .active { fill: var(--active); stroke: var(--active-line); stroke-width: 2 }
  .standby { fill: var(--standby); stroke: var(--standby-line); stroke-dasharray: 4 3 }
  .down { fill: var(--down); stroke: var(--down-line); stroke-dasharray: 1.5 3 }
  .cut { fill: var(--cut); stroke: var(--cut-line); stroke-width: 2; stroke-dasharray: 9 4 } .unknown { fill: var(--unknown); stroke: var(--unknown-line) }`;

export interface Words {
  readonly title: string;
  /** The same as the picture says, in sentences. */
  readonly description: string;
}

export function renderSvg({ width, height, boxes, chords }: Layout, { title, description }: Words): string {
  // Two markers, for not every viewer knows orient="auto-start-reverse".
  const arrows = marker("end", "M 0 0 L 8 4 L 0 8 z", 7) + marker("start", "M 8 0 L 0 4 L 8 8 z", 1);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">
<title id="title">${escapeXml(title)}</title>
<desc id="desc">${escapeXml(description)}</desc>
<style>${STYLE}
</style>
<defs>${arrows}</defs>
<rect class="ground" width="${width}" height="${height}"/>
${[...chords.map(chordSvg), ...boxes.map(boxSvg)].join("\n")}
</svg>
`;
}

function marker(id: string, path: string, x: number): string {
  return `<marker id="${id}" viewBox="0 0 8 8" refX="${x}" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="${path}"/></marker>`;
}

function chordSvg({ path, isUp, duplex, label }: Chord): string {
  const start = duplex ? ' marker-start="url(#start)"' : "";
  return `<path class="chord${isUp ? "" : " lost"}" d="${path}" marker-end="url(#end)"${start}><title>${escapeXml(label)}${isUp ? "" : ", down"}</title></path>`;
}

function boxSvg({ title, x, y, width, height, rows }: Box): string {
  const head = `<rect class="host" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/><text class="name" x="${x + 8}" y="${y + HEADER_HEIGHT - 11}">${escapeXml(title)}</text>`;
  return `<g>${head}${rows.map((row) => rowSvg(row, width - 16)).join("")}</g>`;
}

function rowSvg({ member, state, x, y }: Row, width: number): string {
  const baseline = y + ROW_HEIGHT / 2 + 3;
  const name = `<text x="${x + 8}" y="${baseline}">${SYMBOLS[state]} ${escapeXml(member)}</text>`;
  const word = `<text class="word" x="${x + width - 8}" y="${baseline}" text-anchor="end">${state}</text>`;
  return `<rect class="${state}" x="${x}" y="${y}" width="${width}" height="${ROW_HEIGHT - 4}" rx="4"/>${name}${word}`;
}

/** Characters that XML 1.0 does not allow are left out. */
export function escapeXml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
  );
}
