/**
 * A network for tests: hosts that are network namespaces, joined by a bridge in a namespace of its own. No part of it
 * is in the namespace in which the tests run.
 */
import { Host, type HostOptions } from "./host.ts";
import { sweepNamespaces } from "./namespaces.ts";
import { Switch } from "./switch.ts";

export class Network implements AsyncDisposable {
  readonly #switch: Switch;
  readonly #hosts = new Map<number, Host>();

  private constructor(hub: Switch) {
    this.#switch = hub;
  }

  static async create(): Promise<Network> {
    await sweepNamespaces();
    return new Network(await Switch.create());
  }

  /** Adds a host; its name is unique in this network. */
  async host(name: string, options: HostOptions = {}): Promise<Host> {
    const number = options.number ?? this.#nextNumber();
    const host = await Host.create(this.#switch, name, number, options.nameServers ?? []);
    this.#hosts.set(number, host);
    return host;
  }

  /** Ends every program in the network and removes it. A second call does nothing. */
  async close(): Promise<void> {
    const hosts = [...this.#hosts.values()];
    this.#hosts.clear();
    await Promise.all(hosts.map((host) => host.remove()));
    await this.#switch.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #nextNumber(): number {
    for (let number = 1; number < 255; number += 1) if (!this.#hosts.has(number)) return number;
    throw new Error("A network has 254 hosts at most");
  }
}

/** Creates an empty network. Close it, or use `await using`; in any case it ends with this process. */
export function createNetwork(): Promise<Network> {
  return Network.create();
}
