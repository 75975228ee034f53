/** rhea, sending what ours does: messages with an id that the broker finds duplicates by. */
import { openRhea } from "../driver/rhea-peer.ts";
import { runPeer } from "../driver/run-peer.ts";

await runPeer((workload) => openRhea(workload, { ids: true }));
