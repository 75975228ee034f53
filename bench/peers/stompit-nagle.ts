/** stompit with its defaults, which leave Nagle's algorithm on. */
import { runPeer } from "../driver/run-peer.ts";
import { openStompit } from "../driver/stompit-peer.ts";

await runPeer((workload) => openStompit(workload, { noDelay: false }));
