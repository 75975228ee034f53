/** stompit, sending what this package sends: messages with an id for duplicate detection. */
import { runPeer } from "../driver/run-peer.ts";
import { openStompit } from "../driver/stompit-peer.ts";

await runPeer((workload) => openStompit(workload, { noDelay: true, ids: true }));
