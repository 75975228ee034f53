// MASTERSLAVE_URI='masterslave:(stomp://127.0.0.1:61613,stomp://127.0.0.1:61614)' node examples/receive.js
// Processes a queue, four orders at a time, until SIGTERM or Ctrl-C; then it finishes the orders in progress.
import { createConnection } from "masterslave-transport";
import { brokerUri, tellFailovers, tellWaiting } from "./support/setup.js";

const connection = createConnection(brokerUri(), { connectTimeoutMs: 30_000 });
connection.on("waiting", tellWaiting); // while no broker answers
await connection.connect();
tellFailovers(connection);
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => connection.close({ drainTimeoutMs: 10_000 }));

console.log("ready");
// The message is accepted when the function resolves, and becomes a dead letter when it throws.
await connection.consume("queue://orders", { prefetch: 20 }).run(
  async (message) => {
    const { sku } = message.json();
    console.log(`order for ${sku}`);
  },
  { concurrency: 4 },
);
console.log("stopped");
