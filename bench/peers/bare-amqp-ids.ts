/** The upper limit for clients whose messages have an id for duplicate detection, as those of this package do. */
import { openBareSender } from "../driver/bare-amqp.ts";
import { ID_WITHOUT_NUMBER } from "../driver/numbered-ids.ts";
import { runPeer } from "../driver/run-peer.ts";

await runPeer((workload) => openBareSender(workload, ID_WITHOUT_NUMBER));
