/** This package over STOMP. */
import { openOurs } from "../driver/ours.ts";
import { runPeer } from "../driver/run-peer.ts";

await runPeer((workload) => openOurs("stomp", workload));
