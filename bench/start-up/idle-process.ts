/** Opens idle connections and prints the memory of each: `idle-process.ts <protocol> <client> <port> <count>`. */
import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "masterslave-transport";
import rhea from "rhea";
import stompit from "stompit";

const [protocol, client, port, count] = process.argv.slice(2) as ["stomp" | "amqp", "ours" | "library", string, string];
const HOST = "127.0.0.1";
const HEARTBEAT_MS = 5_000;
/** How many are opened at once: no more than fit into a backlog. */
const BATCH = 50;
/** Time for heart-beats in both directions. */
const SETTLE_MS = 6_000;

const OPEN = {
  ours: () => connect(`${protocol}://${HOST}:${port}`, { heartbeatMs: HEARTBEAT_MS }),
  library: () => (protocol === "stomp" ? openStompit() : openRhea()),
};

/** stompit's interface as programs use it; src/ declares only what the adapter needs. */
const { Client } = stompit as unknown as {
  readonly Client: new (
    socket: Socket,
    options: { readonly heartbeat: readonly number[] },
  ) => { connect(headers: object, done: (error: Error | null) => void): void };
};

async function openStompit(): Promise<unknown> {
  const socket = connectSocket(Number(port), HOST);
  await once(socket, "connect");
  const opened = new Client(socket, { heartbeat: [HEARTBEAT_MS, HEARTBEAT_MS] });
  await new Promise<void>((resolve, reject) => {
    opened.connect({ host: HOST }, (error) => (error ? reject(error) : resolve()));
  });
  return opened;
}

async function openRhea(): Promise<unknown> {
  const options = { host: HOST, port: Number(port), reconnect: false, idle_time_out: HEARTBEAT_MS, username: "idle" };
  const opened = rhea.create_container().connect(options);
  await once(opened, "connection_open");
  return opened;
}

async function memory() {
  // The memory behind collected buffers is freed one turn of the event loop later.
  for (let again = 0; again < 2; again++) {
    globalThis.gc?.();
    await sleep(100);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed, external, rss };
}

const kept: unknown[] = [];
const wanted = Number(count);
async function openAll(): Promise<void> {
  for (let open = 0; open < wanted; open += BATCH) {
    kept.push(...(await Promise.all(Array.from({ length: Math.min(BATCH, wanted - open) }, OPEN[client]))));
  }
  await sleep(SETTLE_MS);
}

// The first connections, as many again, are not counted: V8 allocates some memory only once, and some for young
// objects.
await openAll();
const before = await memory();
await openAll();
const after = await memory();
const each = (of: keyof typeof after) => (after[of] - before[of]) / wanted;
console.log(JSON.stringify({ heap: each("heap"), external: each("external"), processRss: after.rss }));
process.exit();
