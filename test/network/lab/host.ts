/**
 * One host of the network: a network namespace with an IPv4 and an IPv6 address, programs inside it, and faults of its
 * link.
 */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { guardChild } from "../../brokers/exit-guard.ts";
import { addNamespace, removeNamespace } from "./namespaces.ts";
import { runCommand } from "./run-command.ts";
import { type Direction, limitRate, type PacketFault, type Switch } from "./switch.ts";

export interface HostOptions {
  /** The last part of its addresses, 1 to 254; the next free one by default. */
  readonly number?: number;
  /** The addresses of its name servers; none by default. */
  readonly nameServers?: readonly string[];
}

const LABEL = /^[a-z][a-z0-9-]{0,10}$/;

export class Host {
  readonly name: string;
  /** The name of its network namespace. */
  readonly namespace: string;
  /** Its IPv4 address. */
  readonly address: string;
  /** Its IPv6 address. */
  readonly address6: string;
  readonly #switch: Switch;
  #faults: readonly PacketFault[] = [];

  private constructor(name: string, namespace: string, number: number, hub: Switch) {
    this.name = name;
    this.namespace = namespace;
    this.address = addressOf(number).ipv4;
    this.address6 = addressOf(number).ipv6;
    this.#switch = hub;
  }

  /** Called by the network, which assigns the numbers. */
  static async create(hub: Switch, name: string, number: number, nameServers: readonly string[]): Promise<Host> {
    // The name of a network device has at most 15 characters, and the switch's device adds `to-`.
    if (!LABEL.test(name)) throw new Error(`"${name}" is no host name: up to 11 of a-z, 0-9 and -, a letter first`);
    const namespace = await addNamespace(name, {
      // One try of one second; otherwise a test would wait 10 s for a silent server.
      "resolv.conf": `${nameServers.map((server) => `nameserver ${server}`).join("\n")}\noptions timeout:1 attempts:1\n`,
      // Java looks up the machine's own name.
      hosts: `127.0.0.1 localhost ${hostname()}\n::1 localhost\n`,
    });
    const host = new Host(name, namespace, number, hub);
    await hub.plugIn(name, namespace);
    // Otherwise TCP hands over up to 64 KiB at once, and one lost packet is forty.
    await runCommand(["ip", "-n", namespace, "link", "set", "dev", "eth0", "gso_max_segs", "1"]);
    await runCommand(["ip", "-n", namespace, "addr", "add", `${host.address}/24`, "dev", "eth0"]);
    // Skips duplicate address detection, in which the kernel waits a second to see whether another host has the
    // address.
    await runCommand(["ip", "-n", namespace, "addr", "add", `${host.address6}/64`, "dev", "eth0", "nodad"]);
    await runCommand(["ip", "-n", namespace, "link", "set", "dev", "eth0", "up"]);
    return host;
  }

  /** What precedes a command so that it runs in this host. */
  get prefix(): readonly string[] {
    return ["ip", "netns", "exec", this.namespace];
  }

  /** Runs a short command in the host; resolves with what it prints. */
  exec(file: string, ...args: string[]): Promise<string> {
    return runCommand([...this.prefix, file, ...args]);
  }

  /** Starts a program in the host. It ends at the latest with this process or with the network. */
  spawn(file: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const [ip = "", ...prefix] = this.prefix;
    const child = spawn(ip, [...prefix, file, ...args], options);
    guardChild(child);
    return child;
  }

  /** Starts a TypeScript program in the host, with an IPC channel: `send()` and "message" work as with `fork()`. */
  fork(program: URL, args: readonly string[] = []): ChildProcess {
    return this.spawn(process.execPath, ["--import", "tsx", fileURLToPath(program), ...args], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      serialization: "advanced",
    });
  }

  /** Takes the host's link down: no packet gets in or out, and nobody is notified. The host's processes go on. */
  linkDown(): Promise<void> {
    return this.#switch.setLink(this.name, "down");
  }

  linkUp(): Promise<void> {
    return this.#switch.setLink(this.name, "up");
  }

  /** Drops every IP packet in one direction, for all peers or one of them, in addition to the present faults. */
  drop(direction: Direction = "both", peer?: Host): Promise<void> {
    return this.#add({ kind: "drop", direction, peer: peer?.name });
  }

  /** Loses this share of the IP packets at random. */
  lose(percent: number, direction: Direction = "both"): Promise<void> {
    return this.#add({ kind: "lose", direction, percent });
  }

  /** Drops every packet to one TCP port, so that a SYN gets no answer. */
  blackHole(port: number): Promise<void> {
    return this.#add({ kind: "black-hole", port });
  }

  /** Limits the bits per second in each direction; undefined removes the limit. */
  async rate(bitsPerSecond: number | undefined): Promise<void> {
    await this.#switch.setRate(this.name, bitsPerSecond);
    await limitRate(this.namespace, "eth0", bitsPerSecond);
  }

  /** Undoes drop, lose and blackHole. The rate limit and the link are not changed. */
  async heal(): Promise<void> {
    this.#faults = [];
    await this.#switch.setFaults(this.name, []);
  }

  /** Kills everything that runs in the host. Called by the network. */
  remove(): Promise<void> {
    return removeNamespace(this.namespace);
  }

  async #add(fault: PacketFault): Promise<void> {
    this.#faults = [...this.#faults, fault];
    await this.#switch.setFaults(this.name, this.#faults);
  }
}

/** Returns the addresses for a host number, whether such a host exists or not. */
export function addressOf(number: number): { readonly ipv4: string; readonly ipv6: string } {
  return { ipv4: `10.99.0.${number}`, ipv6: `fd99::${number.toString(16)}` };
}
