/**
 * A program that starts a group and never closes it, for real-group.test.ts. Its argument says how it ends; no broker
 * may outlive it.
 */
import { MEMBER_NAMES, startGroup } from "./real-group.ts";

const [ending] = process.argv.slice(2);
const group = await startGroup("artemis");
if (ending !== "SIGKILL") await group.pause("b");
console.log(JSON.stringify(MEMBER_NAMES.map((member) => group.pid(member))));
if (ending === "throw") setImmediate(() => Promise.reject(new Error("Thrown on purpose")));
// The test sends a signal; until then there is nothing to do.
setInterval(() => {}, 60_000);
