/** The upper limit for clients whose messages have an id for duplicate detection, as those of this package do. */
import { BareStomp } from "../driver/bare-stomp.ts";
import { fail } from "../driver/bench-peer.ts";
import { runPeer } from "../driver/run-peer.ts";

await runPeer(async (workload) => {
  const bare = await BareStomp.open(workload);
  return { send: () => fail("It sends windows"), sendFor: (terms) => bare.sendWithIds(terms) };
});
