/** stompit as it comes: it leaves Nagle's algorithm on. */
import { runPeer } from "../driver/run-peer.ts";
import { openStompit } from "../driver/stompit-peer.ts";

await runPeer((workload) => openStompit(workload, { noDelay: false }));
