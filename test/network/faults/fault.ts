/** A fault: what is done to a network with a pair and a client in it, and how the client should react. */
import type { ConnectionOptions } from "../../../src/connect/connect-options.ts";
import type { MemberName, Protocol } from "../../brokers/group-contract.ts";
import type { WorkloadSettings } from "../client/workload.ts";
import type { BrokerPair } from "../lab/broker-pair.ts";
import type { Host } from "../lab/host.ts";
import type { NameServer } from "../lab/name-server.ts";
import type { Network } from "../lab/network.ts";

/** Everything that a fault may change. */
export interface Scene {
  readonly network: Network;
  readonly pair: BrokerPair;
  readonly names: NameServer;
  readonly protocol: Protocol;
  readonly heartbeatMs: number;
  /** The member that is active when the fault happens. */
  readonly active: MemberName;
  readonly activeHost: Host;
  readonly standbyHost: Host;
  readonly clientHost: Host;
  /** Of either member. */
  readonly port: number;
  /** Called at the end of the trial, in reverse order. */
  cleanUp(undo: () => unknown): void;
}

/**
 * `moves`: the other member takes over and the client follows. `returns`: the active member keeps its lock; the client
 * is interrupted, and restored on the same member when the fault heals. `stays`: the connection survives the fault.
 */
export type Consequence = "moves" | "returns" | "stays";

export interface Fault {
  /** The table's row. */
  readonly name: string;
  /** What happens, in a sentence. */
  readonly what: string;
  readonly consequence: Consequence;
  /** The URI that the client connects to. By default it has both members by their addresses, the active one first. */
  readonly uri?: (scene: Scene) => string | Promise<string>;
  readonly load?: Partial<WorkloadSettings>;
  readonly options?: ConnectionOptions;
  /**
   * Whether the broker may deliver messages that it had assigned to the lost session for the first time after later
   * ones.
   */
  readonly mayOvertake?: boolean;
  /** Done before the client connects. */
  readonly prepare?: (scene: Scene) => Promise<void>;
  /** Causes the fault, and resolves when it is in effect. */
  readonly strike: (scene: Scene) => Promise<void>;
  /**
   * Undoes the fault. For a fault that `returns`: one heart-beat interval after it was noticed. For one that `moves`:
   * `healAfterMs` after it began. Times to recovery are then measured from the healing. A fault without `heal` is
   * undone after the trial.
   */
  readonly heal?: (scene: Scene) => Promise<void>;
  readonly healAfterMs?: number;
}

/** Returns a URI of these hosts, written as in a URI; `masterslave:` needs at least two. */
export function uriOf({ protocol, port }: Pick<Scene, "protocol" | "port">, ...hosts: readonly string[]): string {
  const endpoints = hosts.map((host) => `${protocol}://${host}:${port}`);
  return endpoints.length === 1 ? endpoints.join() : `masterslave:(${endpoints.join(",")})`;
}

/** Both members by their IPv4 addresses, the active one first. */
export function addressesOf(scene: Scene): string {
  return uriOf(scene, scene.activeHost.address, scene.standbyHost.address);
}
