/** A bare socket that writes STOMP frames made beforehand: the upper limit for clients that send one by one. */
import { BareStomp } from "../driver/bare-stomp.ts";
import { runPeer } from "../driver/run-peer.ts";

await runPeer(async (workload) => {
  const bare = await BareStomp.open(workload);
  // Created before anything is measured, because its listener would receive the receipts of another one.
  const send = workload.window === 1 ? bare.sendWith() : () => {};
  return { send, sendFor: (terms) => bare.sendFor(terms), receive: (took) => bare.receive(took) };
});
