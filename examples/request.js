// MASTERSLAVE_URI='masterslave:(stomp://127.0.0.1:61613,stomp://127.0.0.1:61614)' node examples/request.js
// Requests quotes and answers them. Replies come to one queue of the connection, which survives a failover.
import { createConnection } from "masterslave-transport";
import { brokerUri, tellWaiting } from "./support/setup.js";

const connection = createConnection(brokerUri(), { connectTimeoutMs: 30_000 });
connection.on("waiting", tellWaiting); // while no broker answers
await connection.connect();
try {
  const responder = connection.respond("queue://quotes", (message) => {
    const { sku } = message.json();
    return { sku, price: 10 * sku };
  });
  await responder.ready;

  const ask = (sku) => connection.request("queue://quotes", { sku }, { timeoutMs: 5_000 });
  for (const answer of await Promise.all([1, 2, 3].map(ask))) {
    const { sku, price } = answer.json();
    console.log(`${sku} costs ${price}`);
  }
  await responder.close();
} finally {
  await connection.close();
}
