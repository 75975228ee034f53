/**
 * What a new client may find at the first endpoint of its list, or at the first address of a name, while the second one
 * is active.
 */
import type { FalseListenerOperations } from "../lab/false-listener.ts";
import { addressOf, type Host } from "../lab/host.ts";
import { HostProgram } from "../lab/host-program.ts";
import { type Scene, uriOf } from "./fault.ts";

export interface DeadFirst {
  /** The table's row. */
  readonly name: string;
  readonly what: string;
  /** The most staggers that a client may take longer than a bare socket that knows the active endpoint. */
  readonly staggers: number;
  /**
   * Prepares the first endpoint, and resolves with the URI. `dead` is a host without a broker and, so far, without a
   * fault.
   */
  readonly prepare: (scene: Scene, dead: Host) => Promise<string>;
}

const LISTENER = new URL("../lab/false-listener.ts", import.meta.url);
/**
 * An address that nobody has. It is closer to the client's own address than the brokers' are, so the resolver sorts it
 * first.
 */
const NOBODY = 7;

function falseListener(name: string, what: string, answer: "silence" | "close", stopped = false): DeadFirst {
  return {
    name,
    what,
    staggers: answer === "close" ? 0 : 1,
    prepare: async (scene, dead) => {
      const listener = await listen(scene, dead, answer);
      if (stopped) listener.signal("SIGSTOP");
      return uriOf(scene, dead.address, scene.activeHost.address);
    },
  };
}

async function listen(
  scene: Scene,
  dead: Host,
  answer: "silence" | "close",
): Promise<HostProgram<FalseListenerOperations>> {
  const listener = await HostProgram.start<FalseListenerOperations>(dead, LISTENER);
  scene.cleanUp(() => listener.close());
  await listener.call("listen", [scene.port], answer);
  return listener;
}

export const DEAD_FIRSTS: readonly DeadFirst[] = [
  {
    name: "SYN black-holed",
    what: "the first host is up and drops what comes for the port",
    staggers: 1,
    prepare: async (scene, dead) => {
      await dead.blackHole(scene.port);
      return uriOf(scene, dead.address, scene.activeHost.address);
    },
  },
  {
    name: "without power",
    what: "the first host's cable is dead",
    staggers: 1,
    prepare: async (scene, dead) => {
      await dead.linkDown();
      return uriOf(scene, dead.address, scene.activeHost.address);
    },
  },
  falseListener("accepts and is silent", "a load balancer accepts for the dead", "silence"),
  falseListener("accepts and closes", "a load balancer accepts for the dead, and closes", "close"),
  falseListener("backlog never served", "a stopped process listens", "silence", true),
  {
    name: "a dead address first",
    what: "a name has two IPv4 addresses, of which the first is nobody's",
    staggers: 1,
    prepare: async (scene) => {
      await scene.names.answer({ "both.lab": [addressOf(NOBODY).ipv4, scene.activeHost.address] });
      return uriOf(scene, "both.lab");
    },
  },
  {
    name: "a silent address first",
    what: "a name has two IPv4 addresses; behind the first something accepts and is silent",
    staggers: 1,
    prepare: async (scene, dead) => {
      await listen(scene, dead, "silence");
      await scene.names.answer({ "both.lab": [dead.address, scene.activeHost.address] });
      return uriOf(scene, "both.lab");
    },
  },
  {
    name: "a dead IPv6 address first",
    what: "a name has an IPv6 address that is nobody's, and the IPv4 address of the broker",
    staggers: 1,
    prepare: async (scene) => {
      await scene.names.answer({ "both.lab": [addressOf(NOBODY).ipv6, scene.activeHost.address] });
      return uriOf(scene, "both.lab");
    },
  },
];
