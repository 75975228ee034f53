// MASTERSLAVE_URI='masterslave:(stomp://127.0.0.1:61613,stomp://127.0.0.1:61614)' node examples/outbox.js
// Pending sends are lost with the process. This outbox first writes each to a file, and marks it there when confirmed.

import { randomUUID } from "node:crypto";
import { appendFile, readFile, rm } from "node:fs/promises";
import { createConnection } from "masterslave-transport";
import { brokerUri, tellWaiting } from "./support/setup.js";

const OUTBOX = process.env.OUTBOX ?? "outbox.jsonl";
const connection = createConnection(brokerUri(), { connectTimeoutMs: 30_000 });
connection.on("waiting", tellWaiting); // while no broker answers
await connection.connect();
try {
  // First resend what an earlier run left. The ids are the same, so Artemis drops duplicates, and consumers can too.
  const lines = (await readFile(OUTBOX, "utf8").catch(() => "")).split("\n").filter(Boolean);
  const entries = lines.map((line) => JSON.parse(line));
  const confirmed = new Set(entries.filter((entry) => entry.confirmed).map((entry) => entry.confirmed));
  const left = entries.filter((entry) => entry.id && !confirmed.has(entry.id));
  for (const entry of left) await deliver(entry);
  console.log(`delivered ${left.length} left over`);

  const entry = { id: randomUUID(), body: { sku: 1 } };
  await appendFile(OUTBOX, `${JSON.stringify(entry)}\n`, { flush: true });
  await deliver(entry);
  console.log("delivered a new one");
  await rm(OUTBOX);
} finally {
  await connection.close();
}

async function deliver({ id, body }) {
  await connection.send("queue://orders", body, { id });
  await appendFile(OUTBOX, `${JSON.stringify({ confirmed: id })}\n`);
}
