/** A bare socket that writes AMQP frames made beforehand: the upper limit for any client. */
import { openBareSender, receiveBare } from "../driver/bare-amqp.ts";
import { type BenchPeer, fail } from "../driver/bench-peer.ts";
import { runPeer } from "../driver/run-peer.ts";

await runPeer(async (workload): Promise<BenchPeer> => {
  if (workload.kind !== "receive") return openBareSender(workload);
  return {
    send: () => fail("It receives"),
    receive: (took) => void receiveBare(workload, took).catch(fail),
  };
});
