/** This package over AMQP. */
import { openOurs } from "../driver/ours.ts";
import { runPeer } from "../driver/run-peer.ts";

await runPeer((workload) => openOurs("amqp", workload));
