// MASTERSLAVE_URI='masterslave:(amqp://127.0.0.1:5672,amqp://127.0.0.1:5673)' node examples/worker.js
// Turns orders into shipments, four at a time, each order and its shipment in one transaction. A failed order is
// tried again, and in the end becomes a dead letter. On SIGTERM it takes no more orders and finishes those in progress.
import { setTimeout as sleep } from "node:timers/promises";
import { createConnection } from "masterslave-transport";
import { brokerUri, tellFailovers, tellWaiting } from "./support/setup.js";

const connection = createConnection(brokerUri(), { connectTimeoutMs: 30_000 });
connection.on("waiting", tellWaiting); // while no broker answers
await connection.connect();
tellFailovers(connection);
connection.on("warning", ({ message }) => console.warn(message));
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => {
    console.log("finishing what is under way");
    connection.close({ drainTimeoutMs: 10_000 });
  });
}

console.log("ready");
await connection.consume("queue://orders", { prefetch: 20 }).run(
  async (message, { attempt, transaction }) => {
    const { sku, workMs = 0 } = message.json();
    console.log(`working on ${sku}, attempt ${attempt}`);
    await sleep(workMs);
    await transaction.send("queue://shipments", { sku }, { correlationId: message.id });
  },
  {
    concurrency: 4,
    transacted: true,
    redelivery: { max: 5, initialDelayMs: 500, multiplier: 2, maxDelayMs: 30_000 },
  },
);
const { committed } = connection.stats().transactions;
console.log(`stopped, ${committed} shipped`);
