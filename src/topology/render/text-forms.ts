/** A network as text: a table for people, Mermaid and DOT for tools. */
import { connectorName, type Network } from "../network/network.ts";
import type { States } from "./layout.ts";

/** What a state from a simulation or a probe adds to the table. */
export interface TableExtras {
  readonly load?: Readonly<Record<string, number>> | undefined;
  readonly reach?: Readonly<Record<string, Readonly<Record<string, number>>>> | undefined;
}

/** Returns Markdown tables that say what the picture says: members, then connectors, then hops where they are known. */
export function renderText(network: Network, states: States, { load, reach }: TableExtras): string {
  const members = [...network.members.values()].map(({ member, group, index }) => [
    member.host,
    member.name,
    group,
    index === 0 ? "preferred master" : "slave",
    states[member.name] ?? "unknown",
  ]);
  const connectors = network.connectors.map((each) => [
    connectorName(each, network.connectors),
    each.from,
    each.to.join(", ") || "nothing that is known",
    each.kind,
    each.connector.duplex ? "both ways" : "one way",
    each.messageTTL === Number.POSITIVE_INFINITY ? "any" : String(each.messageTTL),
  ]);
  return [
    table(["host", "member", "group", "role", "state"], members),
    connectors.length > 0
      ? table(["connector", "from", "to", "kind", "messages", "TTL"], connectors)
      : "No connectors.\n",
    load
      ? table(
          ["host", "active members"],
          Object.entries(load).map(([host, count]) => [host, String(count)]),
        )
      : "",
    reach ? hopsTable(reach) : "",
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function hopsTable(reach: Readonly<Record<string, Readonly<Record<string, number>>>>): string {
  const names = Object.keys(reach);
  const rows = names.map((from) => [
    from,
    ...names.map((to) => (from === to ? "·" : String(reach[from]?.[to] ?? "none"))),
  ]);
  return table(["hops from \\ to", ...names], rows);
}

/** Columns are as wide as their longest entry, so that the table is readable as it is. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const [first = [], ...rest] = cells;
  return `${[line(first), rule, ...rest.map(line)].join("\n")}\n`;
}

const SHAPES = {
  active: ['(["', '"])'],
  standby: ['["', '"]'],
  down: ['{{"', '"}}'],
  cut: ['[/"', '"/]'],
  unknown: ['["', '"]'],
} as const;

/** Returns a Mermaid flowchart, which GitHub and GitLab draw inside Markdown. */
export function renderMermaid(network: Network, states: States): string {
  const ids = idsOf(network);
  const lines = ["flowchart LR"];
  for (const [index, host] of Object.keys(network.topology.hosts).entries()) {
    lines.push(`  subgraph host${index}["${mermaidText(host)}"]`);
    for (const { member, group } of network.members.values()) {
      if (member.host !== host) continue;
      const state = states[member.name] ?? "unknown";
      const [open, close] = SHAPES[state];
      lines.push(
        `    ${ids.get(member.name)}${open}${mermaidText(`${member.name} (${group}, ${state})`)}${close}:::${state}`,
      );
    }
    lines.push("  end");
  }
  for (const { from, to, connector } of network.connectors)
    for (const each of to)
      lines.push(
        `  ${ids.get(endName(network, from, states))} ${connector.duplex ? "<-->" : "-->"} ${ids.get(endName(network, each, states))}`,
      );
  lines.push(
    "  classDef active stroke-width:3px",
    "  classDef standby stroke-dasharray:4 3",
    "  classDef down stroke-dasharray:1 3,color:#b3261e",
    "  classDef cut stroke-dasharray:9 4",
    "  classDef unknown stroke-width:1px",
  );
  return `${lines.join("\n")}\n`;
}

/** Returns a graph for Graphviz. */
export function renderDot(network: Network, states: States): string {
  const ids = idsOf(network);
  const lines = ["digraph network {", "  node [shape=box, style=rounded];"];
  for (const [index, host] of Object.keys(network.topology.hosts).entries()) {
    lines.push(`  subgraph cluster_${index} {`, `    label=${quoted(host)};`);
    for (const { member, group } of network.members.values()) {
      if (member.host !== host) continue;
      const state = states[member.name] ?? "unknown";
      const style = { active: "bold", standby: "dashed", down: "dotted", cut: "dashed,diagonals", unknown: "solid" }[
        state
      ];
      lines.push(
        `    ${ids.get(member.name)} [label=${quoted(`${member.name}\n${group}, ${state}`)}, style="rounded,${style}"];`,
      );
    }
    lines.push("  }");
  }
  for (const each of network.connectors)
    for (const to of each.to) {
      const direction = each.connector.duplex ? ", dir=both" : "";
      const label = quoted(connectorName(each, network.connectors));
      lines.push(
        `  ${ids.get(endName(network, each.from, states))} -> ${ids.get(endName(network, to, states))} [tooltip=${label}${direction}];`,
      );
    }
  return `${[...lines, "}"].join("\n")}\n`;
}

function idsOf({ members }: Network): Map<string, string> {
  return new Map([...members.keys()].map((name, index) => [name, `m${index}`]));
}

/** The member at which a group's connectors end. */
function endName({ groups }: Network, group: string, states: States): string {
  const members = groups.get(group)?.members ?? [];
  return (members.find(({ name }) => states[name] === "active") ?? members[0])?.name ?? "";
}

function mermaidText(text: string): string {
  return text.replaceAll('"', "#quot;").replaceAll("\n", " ");
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
