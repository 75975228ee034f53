/**
 * The same, with the sends of half a window in one transaction that its COMMIT confirms: the upper limit of group
 * commit.
 */
import { BareStomp } from "../driver/bare-stomp.ts";
import { fail } from "../driver/bench-peer.ts";
import { runPeer } from "../driver/run-peer.ts";

await runPeer(async (workload) => {
  const bare = await BareStomp.open(workload);
  return { send: () => fail("It sends groups"), sendFor: (terms) => bare.sendGrouped(terms) };
});
