/** The limit of a client whose messages have an id that the broker finds duplicates by, as ours have. */
import { BareStomp } from "../driver/bare-stomp.ts";
import { fail } from "../driver/bench-peer.ts";
import { runPeer } from "../driver/run-peer.ts";

await runPeer(async (workload) => {
  const bare = await BareStomp.open(workload);
  return { send: () => fail("It sends windows"), sendFor: (terms) => bare.sendWithIds(terms) };
});
