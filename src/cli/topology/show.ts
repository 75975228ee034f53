/** The `masterslave topology` commands that print something computed: plan, render, simulate, generate. */
import { readFile } from "node:fs/promises";
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { Product } from "../../topology/description/topology.ts";
import { writeYaml, type YamlValue } from "../../topology/export/yaml-writer.ts";
import { generateTopology, type NetworkShape } from "../../topology/generate/generate-topology.ts";
import { planTopology, type TopologyPlan } from "../../topology/plan/plan-topology.ts";
import {
  type RenderFormat,
  type RenderTopologyOptions,
  renderTopology,
} from "../../topology/render/render-topology.ts";
import { type Simulation, simulateTopology } from "../../topology/simulate/simulate-topology.ts";
import { loadTopology } from "./load-topology.ts";
import { runAction } from "./run-action.ts";

interface FileOptions {
  readonly output: string;
  readonly set: Readonly<Record<string, string>>;
}

export function planAction(files: readonly string[], { output, set }: FileOptions): Promise<number> {
  return runAction("plan", output, async () => {
    const plan = planTopology((await loadTopology(files, set)).topology);
    return { text: planText(plan), data: plan };
  });
}

function planText({ groups, brokers }: TopologyPlan): string {
  const clients = Object.entries(groups).flatMap(([group, { uris }]) =>
    Object.entries(uris).map(([protocol, uri]) => `group ${group}, ${protocol}: ${uri}\n`),
  );
  const connectors = Object.entries(brokers).map(([broker, { group, mayConnectTo, connectors: own }]) => {
    const lines = own.map(({ name, uri, duplex }) => `  ${name}${duplex ? " (duplex)" : ""}: ${uri}\n`);
    return `${broker} of group ${group} may connect to ${mayConnectTo.join(", ") || "nobody"}\n${lines.join("")}`;
  });
  return [...clients, ...connectors].join("");
}

interface RenderOptions extends Omit<FileOptions, "output"> {
  readonly format: RenderFormat;
  readonly state?: string;
  readonly title?: string;
}

export function renderAction(files: readonly string[], { format, state, title, set }: RenderOptions): Promise<number> {
  return runAction("render", "text", async () => {
    const { topology } = await loadTopology(files, set);
    const text = renderTopology(topology, {
      format,
      title,
      state: state === undefined ? undefined : await readState(state),
    });
    return { text, data: undefined };
  });
}

/** A state is what `simulate`, `diff` or `drill` printed with `--output json`, or its `data` alone. */
async function readState(file: string): Promise<RenderTopologyOptions["state"]> {
  const problem = (why: string, cause?: unknown) =>
    new InvalidArgumentError(
      `--state: ${file} ${why}; give what topology simulate, diff or drill printed with --output json`,
      { cause },
    );
  let read: unknown;
  try {
    read = JSON.parse(await readFile(file, "utf8"));
  } catch (reason) {
    throw problem("cannot be read as JSON", reason);
  }
  const state = isObject(read) && isObject(read["data"]) ? read["data"] : read;
  if (!isObject(state) || !isObject(state["members"])) throw problem("has no members");
  const words = ["active", "standby", "down", "cut", "unknown"];
  for (const [name, word] of Object.entries(state["members"]))
    if (!words.includes(String(word)))
      throw problem(`says that ${name} is ${String(word)}, which is none of ${words.join(", ")}`);
  return state as RenderTopologyOptions["state"];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function simulateAction(
  files: readonly string[],
  { output, set, fail, cut }: FileOptions & { readonly fail: readonly string[]; readonly cut: readonly string[] },
): Promise<number> {
  return runAction("simulate", output, async () => {
    if (fail.length + cut.length === 0)
      throw new InvalidArgumentError("Give --fail or --cut with the hosts that fail or are cut off");
    const { topology } = await loadTopology(files, set);
    const simulation = simulateTopology(topology, { failedHosts: fail, cutHosts: cut });
    return {
      text: renderTopology(topology, { format: "text", state: simulation }) + verdict(simulation),
      data: simulation,
    };
  });
}

function verdict({ takenOver, lost, stranded, outageMs }: Simulation): string {
  const moved =
    takenOver.length === 0 ? "No group is taken over." : `Taken over, within ${outageMs} ms: ${takenOver.join(", ")}.`;
  const held = stranded.length === 0 ? "" : ` Nobody takes over while the link is down: ${stranded.join(", ")}.`;
  return `\n${moved}${held}${lost.length === 0 ? "" : ` Without any member: ${lost.join(", ")}.`}\n`;
}

interface GenerateOptions {
  readonly output: string;
  readonly pairs: number;
  readonly shape: NetworkShape;
  readonly product: Product;
}

export function generateAction({ output, pairs, shape, product }: GenerateOptions): Promise<number> {
  return runAction("generate", output, () => {
    const topology = generateTopology({ hostPairs: pairs, shape, product });
    // A description is plain data.
    return { text: writeYaml(topology as unknown as YamlValue), data: topology };
  });
}
