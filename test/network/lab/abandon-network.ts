/**
 * A program that creates a network and never closes it, for lab.test.ts: however it ends, its namespaces must be
 * removed.
 */
import { createNetwork } from "./network.ts";

const network = await createNetwork();
const host = await network.host("left");
host.spawn("sleep", ["600"]);
console.log(host.namespace);
setInterval(() => {}, 60_000);
