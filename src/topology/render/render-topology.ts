/** Draws a network: as SVG, Mermaid, DOT or tables. */
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { Topology } from "../description/topology.ts";
import { type Network, networkOf } from "../network/network.ts";
import type { NetworkState } from "../simulate/simulate-topology.ts";
import { layoutOf, plannedStates, type States } from "./layout.ts";
import { renderSvg } from "./render-svg.ts";
import { renderDot, renderMermaid, renderText } from "./text-forms.ts";

/** `text` is Markdown tables, and says what the picture says. */
export type RenderFormat = "svg" | "mermaid" | "dot" | "text";

/** What to draw. */
export interface RenderTopologyOptions {
  /** In which form. */
  readonly format: RenderFormat;
  /** What simulateTopology returned, or the state of each member as a probe found it; the planned roles when left out. */
  readonly state?: (Pick<NetworkState, "members"> & Partial<NetworkState>) | undefined;
  /** The picture's title; the number of groups and hosts when left out. */
  readonly title?: string | undefined;
}

/** Returns the picture as text: the same for the same description and state. Throws INVALID_ARGUMENT for another format. */
export function renderTopology(topology: Topology, { format, state, title }: RenderTopologyOptions): string {
  const network = networkOf(topology);
  const states = state?.members ?? plannedStates(network);
  switch (format) {
    case "svg":
      return renderSvg(layoutOf(network, states), {
        title: title ?? titleOf(network),
        description: describe(network, states),
      });
    case "mermaid":
      return renderMermaid(network, states);
    case "dot":
      return renderDot(network, states);
    case "text":
      return renderText(network, states, { load: state?.load, reach: state?.reach });
    default:
      throw new InvalidArgumentError(`format is svg, mermaid, dot or text; found ${String(format satisfies never)}`);
  }
}

function titleOf({ groups, topology }: Network): string {
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
  return `${count(groups.size, "group")} over ${count(Object.keys(topology.hosts).length, "host")}`;
}

/** What the picture shows, in sentences. */
function describe(network: Network, states: States): string {
  const hosts = Object.keys(network.topology.hosts).map((host) => {
    const members = [...network.members.values()].filter(({ member }) => member.host === host);
    const words = members.map(
      ({ member, group }) => `${member.name} of group ${group} is ${states[member.name] ?? "unknown"}`,
    );
    return `On host ${host}: ${words.join(", ") || "no member"}.`;
  });
  const links = network.connectors.map(
    ({ from, to, connector }) => `${from} ${connector.duplex ? "and" : "to"} ${to.join(", ")}`,
  );
  return `${hosts.join(" ")} Connectors: ${links.join("; ") || "none"}.`;
}
