/** Draws a line chart in SVG with a logarithmic vertical scale, without a library. */

export interface Line {
  readonly name: string;
  readonly color: string;
  /** Draws each point separately, and none where there is no value: for values that come in bursts. */
  readonly dots?: boolean;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xTicks: readonly number[];
  /** The powers of ten from the least to the greatest value shown. */
  readonly yPowers: readonly [least: number, most: number];
  readonly lines: readonly Line[];
}

const WIDTH = 960;
const HEIGHT = 560;
const AREA = { left: 112, right: 24, top: 48, bottom: 56 };
const LEGEND_LINE = 18;

export function lineChart(chart: Chart): string {
  const inner = { width: WIDTH - AREA.left - AREA.right, height: HEIGHT - AREA.top - AREA.bottom };
  const [least, most] = chart.yPowers;
  const lastX = chart.xTicks.at(-1) ?? 1;
  const x = (value: number) => AREA.left + (value / lastX) * inner.width;
  const y = (value: number) =>
    AREA.top + ((most - Math.log10(Math.max(value, 10 ** least))) / (most - least)) * inner.height;
  const height = HEIGHT + Math.ceil(chart.lines.length / 2) * LEGEND_LINE + 12;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" fill="#222">
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
<text x="${AREA.left}" y="28" font-size="16">${escaped(chart.title)}</text>
${grid(chart, x, y)}
${chart.lines.map((line) => path(line, x, y)).join("\n")}
<text x="${AREA.left + inner.width / 2}" y="${HEIGHT - 12}" text-anchor="middle">${escaped(chart.xLabel)}</text>
<text transform="translate(22 ${AREA.top + inner.height / 2}) rotate(-90)" text-anchor="middle">${escaped(chart.yLabel)}</text>
${chart.lines.map(legend).join("\n")}
</svg>
`;
}

type Scale = (value: number) => number;

function grid({ xTicks, yPowers: [least, most] }: Chart, x: Scale, y: Scale): string {
  const powers = Array.from({ length: most - least + 1 }, (_, index) => 10 ** (least + index));
  const [left, right] = [AREA.left, WIDTH - AREA.right];
  const [top, bottom] = [AREA.top, HEIGHT - AREA.bottom];
  const rows = powers.map((power) => {
    const at = y(power).toFixed(1);
    const label = `<text x="${left - 8}" y="${at}" dy="4" text-anchor="end">${power.toLocaleString("en")}</text>`;
    return `<line x1="${left}" x2="${right}" y1="${at}" y2="${at}" stroke="#ddd"/>${label}`;
  });
  const columns = xTicks.map((tick) => {
    const at = x(tick).toFixed(1);
    const label = `<text x="${at}" y="${bottom + 20}" text-anchor="middle">${tick}</text>`;
    return `<line x1="${at}" x2="${at}" y1="${top}" y2="${bottom}" stroke="#eee"/>${label}`;
  });
  return [...rows, ...columns].join("\n");
}

function path({ color, dots, points }: Line, x: Scale, y: Scale): string {
  if (dots) {
    const marks = points.filter(([, value]) => value > 0);
    return marks
      .map(([at, value]) => `<circle cx="${x(at).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3" fill="${color}"/>`)
      .join("");
  }
  const steps = points.map(([at, value]) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("L");
  return `<path d="M${steps}" fill="none" stroke="${color}" stroke-width="2"/>`;
}

function legend({ name, color, dots }: Line, index: number): string {
  const left = AREA.left + (index % 2) * 430;
  const top = HEIGHT + 6 + (index >> 1) * LEGEND_LINE;
  const sign = dots
    ? `<circle cx="${left + 14}" cy="${top}" r="3" fill="${color}"/>`
    : `<line x1="${left}" x2="${left + 28}" y1="${top}" y2="${top}" stroke="${color}" stroke-width="3"/>`;
  return `${sign}<text x="${left + 36}" y="${top + 4}">${escaped(name)}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
