/**
 * Runs the AMQP null server as a process of its own: prints its port on one line, and serves until standard input ends
 * or a signal comes.
 */

import { serveAmqp } from "./amqp-null-server.ts";
import { readNullServerOptions } from "./null-server-options.ts";

const { port } = await serveAmqp(readNullServerOptions(process.argv[2]));
console.log(port);
// The process that started it may have been killed.
process.stdin.resume().on("end", () => process.exit());
