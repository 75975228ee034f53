// MASTERSLAVE_URI='masterslave:(stomp://127.0.0.1:61613,stomp://127.0.0.1:61614)' node examples/receive.js
// Works off a queue, four orders at a time, until SIGTERM or Ctrl-C; then lets what is under way finish.
import { createConnection } from "masterslave-transport";
import { brokerUri, tellWaiting } from "./support/setup.js";

const connection = createConnection(brokerUri(), { connectTimeoutMs: 30_000 });
connection.on("waiting", tellWaiting); // while nobody is there
await connection.connect();
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => connection.close({ drainTimeoutMs: 10_000 }));

console.log("ready");
// Accepted when the function resolves; to the dead letter queue when it throws.
await connection.consume("queue://orders", { prefetch: 20 }).run(
  async (message) => {
    const { sku } = message.json();
    console.log(`order for ${sku}`);
  },
  { concurrency: 4 },
);
console.log("stopped");
