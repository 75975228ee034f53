/** Bridges and connections of one test between real groups; they are closed after it, the latest first. */
import { afterEach } from "vitest";
import { type Bridge, type BridgeGroup, type BridgeLink, createBridge } from "../../../src/bridge/index.ts";
import { type Connection, connect } from "../../../src/index.ts";
import type { Protocol, RealGroup } from "../real-group.ts";

export interface BridgeStage {
  /** Resolves with a running bridge that has one link `l`, from `north` to `south`. */
  run(north: BridgeGroup, south: BridgeGroup, link: Partial<BridgeLink>): Promise<Bridge>;
  /** Resolves with a connection to the group. */
  open(group: RealGroup, protocol?: Protocol): Promise<Connection>;
  /** Functions that are called at the end of the present test; tests add their own. */
  readonly closing: (() => Promise<unknown>)[];
}

/** Call it once in a test file. */
export function bridgeStage(): BridgeStage {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  return {
    closing,
    run: async (north, south, link) => {
      const bridge = createBridge({ groups: { north, south }, links: { l: { from: "north", to: "south", ...link } } });
      closing.push(() => bridge.close({ drainTimeoutMs: 500 }));
      await bridge.start();
      return bridge;
    },
    open: async (group, protocol = "amqp") => {
      const connection = await connect(group.uri(protocol), { credentials: group.credentials });
      closing.push(() => connection.close({ drainTimeoutMs: 0 }));
      return connection;
    },
  };
}

/** The group of a bridge's configuration that stands for a real group, with its own login unless another is given. */
export function sideOf(group: RealGroup, protocol: Protocol, { username, password } = group.credentials): BridgeGroup {
  return { uri: group.uri(protocol), username, password };
}
