/** stompit, sending what ours does: messages with an id that the broker finds duplicates by. */
import { runPeer } from "../driver/run-peer.ts";
import { openStompit } from "../driver/stompit-peer.ts";

await runPeer((workload) => openStompit(workload, { noDelay: true, ids: true }));
