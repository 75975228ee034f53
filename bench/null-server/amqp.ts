/** The AMQP null server as a process of its own: prints its port on one line, serves until standard input ends or it gets a signal. */

import { serveAmqp } from "./amqp-null-server.ts";
import { readNullServerOptions } from "./null-server-options.ts";

const { port } = await serveAmqp(readNullServerOptions(process.argv[2]));
console.log(port);
// Whoever started it may have been killed.
process.stdin.resume().on("end", () => process.exit());
