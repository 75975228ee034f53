/** stompit with Nagle's algorithm off: as fast as it goes. */
import { runPeer } from "../driver/run-peer.ts";
import { openStompit } from "../driver/stompit-peer.ts";

await runPeer((workload) => openStompit(workload, { noDelay: true }));
