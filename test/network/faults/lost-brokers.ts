/** Different ways in which the active member ends or stops. */
import { type Fault, type Scene, uriOf } from "./fault.ts";

/** A host without power sends neither FIN nor RST, and its lock on the store is released. */
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
    // A broker that goes on accepts the new session before it has removed the old one, and delivers to the consumers of
    // both.
    mayOvertake: true,
    strike: ({ pair, active }) => pair.group.pause(active),
    heal: ({ pair, active }) => pair.group.resume(active),
  },
];
