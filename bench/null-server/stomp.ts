/**
 * Runs the STOMP null server as a process of its own: prints its port on one line, and serves until standard input ends
 * or a signal comes.
 */
import { readNullServerOptions } from "./null-server-options.ts";
import { serveStomp } from "./stomp-null-server.ts";

const { port } = await serveStomp(readNullServerOptions(process.argv[2]));
console.log(port);
// The process that started it may have been killed.
process.stdin.resume().on("end", () => process.exit());
