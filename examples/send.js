// MASTERSLAVE_URI='masterslave:(stomp://127.0.0.1:61613,stomp://127.0.0.1:61614)' node examples/send.js
// Sends three orders and waits until the broker has stored them, whichever member is active.
import { createConnection } from "masterslave-transport";
import { brokerUri, tellFailovers, tellWaiting } from "./support/setup.js";

const connection = createConnection(brokerUri(), { connectTimeoutMs: 30_000 });
connection.on("waiting", tellWaiting); // while no broker answers
await connection.connect();
tellFailovers(connection);
try {
  const orders = connection.producer("queue://orders");
  const sent = await Promise.all([1, 2, 3].map((sku) => orders.send({ sku })));
  for (const { id, endpoint } of sent) console.log(`stored ${id} at port ${endpoint.port}`);
} finally {
  await connection.close();
}
