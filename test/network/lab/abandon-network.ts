/** A program that makes a network and never closes it, run by lab.test.ts: whatever ends it, its namespaces must go. */
import { createNetwork } from "./network.ts";

const network = await createNetwork();
const host = await network.host("left");
host.spawn("sleep", ["600"]);
console.log(host.namespace);
setInterval(() => {}, 60_000);
