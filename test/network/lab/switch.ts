/**
 * The bridge that joins the hosts, in a namespace of its own. Packets are dropped only here: its whole ruleset is
 * replaced atomically whenever a fault begins or ends.
 */
import { addNamespace, removeNamespace } from "./namespaces.ts";
import { runCommand } from "./run-command.ts";

/** Seen from the host: packets to it, and packets from it. */
export type Direction = "in" | "out" | "both";

/** What happens to packets to or from a host. Ports are those of the switch: see `portName`. */
export type PacketFault =
  | { readonly kind: "drop"; readonly direction: Direction; readonly peer: string | undefined }
  | { readonly kind: "lose"; readonly direction: Direction; readonly percent: number }
  | { readonly kind: "black-hole"; readonly port: number };

const BRIDGE = "br0";

export class Switch {
  readonly #namespace: string;
  readonly #faults = new Map<string, readonly PacketFault[]>();
  /** Rulesets are written one after another; otherwise an older one could win. */
  #applied: Promise<unknown> = Promise.resolve();

  private constructor(namespace: string) {
    this.#namespace = namespace;
  }

  static async create(): Promise<Switch> {
    const namespace = await addNamespace("switch");
    await runCommand(["ip", "-n", namespace, "link", "add", "name", BRIDGE, "type", "bridge"]);
    await runCommand(["ip", "-n", namespace, "link", "set", "dev", BRIDGE, "up"]);
    const made = new Switch(namespace);
    await made.#apply();
    return made;
  }

  /** Connects `namespace` to the switch. Its end of the link is called eth0 and is down. */
  async plugIn(host: string, namespace: string): Promise<void> {
    const port = portName(host);
    const cable = ["type", "veth", "peer", "name", "eth0", "netns", namespace];
    await runCommand(["ip", "-n", this.#namespace, "link", "add", "name", port, ...cable]);
    await runCommand(["ip", "-n", this.#namespace, "link", "set", "dev", port, "master", BRIDGE, "up"]);
  }

  /** Takes the switch's end of the link down or up: the host loses its carrier and keeps its addresses. */
  async setLink(host: string, state: "up" | "down"): Promise<void> {
    await runCommand(["ip", "-n", this.#namespace, "link", "set", "dev", portName(host), state]);
  }

  /** Replaces the host's faults. */
  async setFaults(host: string, faults: readonly PacketFault[]): Promise<void> {
    this.#faults.set(host, faults);
    await this.#apply();
  }

  /** Limits the bits per second towards the host; undefined removes the limit. */
  async setRate(host: string, bitsPerSecond: number | undefined): Promise<void> {
    await limitRate(this.#namespace, portName(host), bitsPerSecond);
  }

  async close(): Promise<void> {
    await removeNamespace(this.#namespace);
  }

  #apply(): Promise<unknown> {
    const apply = () => runCommand(["ip", "netns", "exec", this.#namespace, "nft", "-f", "-"], this.#ruleset());
    this.#applied = this.#applied.then(apply, apply);
    return this.#applied;
  }

  #ruleset(): string {
    const rules = [...this.#faults].flatMap(([host, faults]) => faults.flatMap((fault) => rulesOf(host, fault)));
    return `table bridge lab
delete table bridge lab
table bridge lab {
  chain forward {
    type filter hook forward priority 0; policy accept;
    ether type arp accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    ${rules.join("\n    ")}
  }
}
`;
  }
}

/** Returns the name of the switch's port for a host. */
function portName(host: string): string {
  return `to-${host}`;
}

/**
 * These rules come first and let neighbour discovery pass. A lost host is then silent, as behind a router, and not
 * "unreachable".
 */
function rulesOf(host: string, fault: PacketFault): string[] {
  const port = portName(host);
  if (fault.kind === "black-hole") return [`oifname "${port}" tcp dport ${fault.port} drop`];
  const ends: string[] = [];
  const peer = fault.kind === "drop" ? fault.peer : undefined;
  if (fault.direction !== "out") ends.push(`${peer ? `iifname "${portName(peer)}" ` : ""}oifname "${port}"`);
  if (fault.direction !== "in") ends.push(`iifname "${port}"${peer ? ` oifname "${portName(peer)}"` : ""}`);
  const verdict = fault.kind === "drop" ? "drop" : `numgen random mod 10000 < ${Math.round(fault.percent * 100)} drop`;
  return ends.map((end) => `${end} ${verdict}`);
}

/** A token bucket for the packets that leave through a device, with a queue of 400 ms. */
export async function limitRate(namespace: string, device: string, bitsPerSecond: number | undefined): Promise<void> {
  const command = ["tc", "-n", namespace, "qdisc"];
  if (bitsPerSecond === undefined) {
    await runCommand([...command, "del", "dev", device, "root"]).catch(() => {});
    return;
  }
  // The bucket must hold at least one full frame, and what a timer of 250 Hz lets through at once.
  const burst = Math.max(3_200, Math.ceil(bitsPerSecond / 8 / 250));
  const bucket = ["rate", `${bitsPerSecond}bit`, "burst", String(burst), "latency", "400ms"];
  await runCommand([...command, "replace", "dev", device, "root", "tbf", ...bucket]);
}
