/** rhea, sending what this package sends: messages with an id for duplicate detection. */
import { openRhea } from "../driver/rhea-peer.ts";
import { runPeer } from "../driver/run-peer.ts";

await runPeer((workload) => openRhea(workload, { ids: true }));
