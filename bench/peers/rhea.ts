/** rhea with its defaults. */
import { openRhea } from "../driver/rhea-peer.ts";
import { runPeer } from "../driver/run-peer.ts";

await runPeer((workload) => openRhea(workload, { ids: false }));
