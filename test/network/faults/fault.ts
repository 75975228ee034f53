/** What a fault is: what is done to a network with a pair and a client in it, and what the client is expected to do. */
import type { ConnectionOptions } from "../../../src/connect/connect-options.ts";
import type { MemberName, Protocol } from "../../brokers/group-contract.ts";
import type { WorkloadSettings } from "../client/workload.ts";
import type { BrokerPair } from "../lab/broker-pair.ts";
import type { Host } from "../lab/host.ts";
import type { NameServer } from "../lab/name-server.ts";
import type { Network } from "../lab/network.ts";

/** Everything a fault may touch. */
export interface Scene {
  readonly network: Network;
  readonly pair: BrokerPair;
  readonly names: NameServer;
  readonly protocol: Protocol;
  readonly heartbeatMs: number;
  /** The member that is active when the fault strikes. */
  readonly active: MemberName;
  readonly activeHost: Host;
  readonly standbyHost: Host;
  readonly clientHost: Host;
  /** Of either member. */
  readonly port: number;
  /** Called when the trial is over, the last one first. */
  cleanUp(undo: () => unknown): void;
}

/**
 * `moves`: the other member takes over and the client follows. `returns`: the active member keeps its lock; the client is
 * interrupted, and restored on the same member when the fault heals. `stays`: the connection bears it.
 */
export type Consequence = "moves" | "returns" | "stays";

export interface Fault {
  /** The table's row. */
  readonly name: string;
  /** What happens, in a sentence. */
  readonly what: string;
  readonly consequence: Consequence;
  /** What the client connects to; both members by address, the active one first, unless said. */
  readonly uri?: (scene: Scene) => string | Promise<string>;
  readonly load?: Partial<WorkloadSettings>;
  readonly options?: ConnectionOptions;
  /** Whether the broker may hand out, for the first time, what it had set aside for the lost session after what was sent later. */
  readonly mayOvertake?: boolean;
  /** Done before the client connects. */
  readonly prepare?: (scene: Scene) => Promise<void>;
  /** Sees that the fault is on; resolves then. */
  readonly strike: (scene: Scene) => Promise<void>;
  /**
   * Takes it away: of one that `returns`, a heart-beat interval after it was noticed; of one that `moves`, `healAfterMs`
   * after it struck. Times back are counted from here then. What has no `heal` is mended after the trial.
   */
  readonly heal?: (scene: Scene) => Promise<void>;
  readonly healAfterMs?: number;
}

/** A URI of these hosts, as URIs spell them; `masterslave:` takes two at least. */
export function uriOf({ protocol, port }: Pick<Scene, "protocol" | "port">, ...hosts: readonly string[]): string {
  const endpoints = hosts.map((host) => `${protocol}://${host}:${port}`);
  return endpoints.length === 1 ? endpoints.join() : `masterslave:(${endpoints.join(",")})`;
}

/** Both members by their IPv4 addresses, the active one first. */
export function addressesOf(scene: Scene): string {
  return uriOf(scene, scene.activeHost.address, scene.standbyHost.address);
}
