/** The limit of a client whose messages have an id that the broker finds duplicates by, as ours have. */
import { openBareSender } from "../driver/bare-amqp.ts";
import { ID_WITHOUT_NUMBER } from "../driver/numbered-ids.ts";
import { runPeer } from "../driver/run-peer.ts";

await runPeer((workload) => openBareSender(workload, ID_WITHOUT_NUMBER));
