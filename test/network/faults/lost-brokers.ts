/** The active member ends, or stops, in different ways. */
import { type Fault, type Scene, uriOf } from "./fault.ts";

/** No FIN and no RST leave a host without power; its lock on the store is gone with it. */
async function losePower({ pair, active, activeHost }: Scene): Promise<void> {
  await activeHost.linkDown();
  await pair.group.kill(active);
}

export const LOST_BROKERS: readonly Fault[] = [
  {
    name: "broker killed",
    what: "SIGKILL; the kernel closes its sockets",
    consequence: "moves",
    strike: ({ pair, active }) => pair.group.kill(active),
  },
  {
    name: "host loses power",
    what: "its cable goes dead, then the broker is killed: no FIN, no RST, the store's lock is free",
    consequence: "moves",
    strike: losePower,
  },
  {
    name: "host loses power (IPv6)",
    what: "the same, with endpoints given as IPv6 addresses",
    consequence: "moves",
    uri: (scene) => uriOf(scene, `[${scene.activeHost.address6}]`, `[${scene.standbyHost.address6}]`),
    strike: losePower,
  },
  {
    name: "broker hangs",
    what: "SIGSTOP, which is near to a stalled disk too: it keeps its sockets and its lock; then SIGCONT",
    consequence: "returns",
    // A broker that goes on finds the new session before it has buried the old one, and serves both consumers.
    mayOvertake: true,
    strike: ({ pair, active }) => pair.group.pause(active),
    heal: ({ pair, active }) => pair.group.resume(active),
  },
];
