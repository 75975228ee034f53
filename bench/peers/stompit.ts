/** stompit without Nagle's algorithm, which is its fastest way. */
import { runPeer } from "../driver/run-peer.ts";
import { openStompit } from "../driver/stompit-peer.ts";

await runPeer((workload) => openStompit(workload, { noDelay: true }));
