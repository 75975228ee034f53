/** A bare socket that writes canned STOMP frames: the limit of what a client can reach that sends one by one. */
import { BareStomp } from "../driver/bare-stomp.ts";
import { runPeer } from "../driver/run-peer.ts";

await runPeer(async (workload) => {
  const bare = await BareStomp.open(workload);
  // Made before anything is measured: its listener would count what another counts.
  const send = workload.window === 1 ? bare.sendWith() : () => {};
  return { send, sendFor: (terms) => bare.sendFor(terms), receive: (took) => bare.receive(took) };
});
