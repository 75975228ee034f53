/**
 * Something else accepts connections in place of the dead broker, a load balancer or a process that is stuck. It is the
 * first endpoint of the list.
 */
import type { FalseListenerOperations } from "../lab/false-listener.ts";
import { HostProgram } from "../lab/host-program.ts";
import type { Fault, Scene } from "./fault.ts";

const LISTENER = new URL("../lab/false-listener.ts", import.meta.url);

function falseListener(name: string, what: string, answer: "silence" | "close", stopped = false): Fault {
  const listeners = new WeakMap<Scene, HostProgram<FalseListenerOperations>>();
  return {
    name,
    what,
    consequence: "moves",
    prepare: async (scene) => {
      const listener = await HostProgram.start<FalseListenerOperations>(scene.activeHost, LISTENER);
      scene.cleanUp(() => listener.close());
      listeners.set(scene, listener);
    },
    strike: async (scene) => {
      const listener = listeners.get(scene);
      await scene.pair.group.kill(scene.active);
      await listener?.call("listen", [scene.port], answer);
      if (stopped) listener?.signal("SIGSTOP");
    },
  };
}

export const FALSE_LISTENERS: readonly Fault[] = [
  falseListener("accepted and silent", "killed; a load balancer accepts in its place and says nothing", "silence"),
  falseListener("accepted and closed", "killed; a load balancer accepts in its place and closes", "close"),
  falseListener("backlog never served", "killed; a stopped process listens in its place", "silence", true),
];
