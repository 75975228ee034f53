/**
 * `npm run bench:reach`: how much longer connect() takes when the first endpoint is dead and the second is active,
 * compared with connecting to the second alone. If the first refuses, the second should hold the session within 60 ms;
 * if the first is silent, within two staggers and 60 ms.
 */

import type { AddressInfo, createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { connect } from "masterslave-transport";
import { blackHole, embeddedGroup, faultProxy } from "masterslave-transport/testing";
import { printTable, readOptions } from "./report.ts";
import { median } from "./statistics.ts";

type Protocol = "stomp" | "amqp";

/** A dead first endpoint: its address, how often it was connected to, and how to remove it. */
interface DeadEndpoint {
  readonly port: number;
  close(): unknown;
}

interface Kind {
  readonly name: string;
  /** Whether the peer shows at once that it is not the active broker. */
  readonly says: "no" | "nothing";
  readonly start: (target: { host: string; port: number }) => Promise<DeadEndpoint>;
}

const STAGGER_MS = 250;
/** The beginning of OpenWire's greeting, as far as needed: size, type 1, the magic. */
const WIRE_FORMAT_INFO = Buffer.concat([Buffer.from([0, 0, 0, 30, 1]), Buffer.from("ActiveMQ"), Buffer.alloc(21)]);

const proxied = (
  name: string,
  says: Kind["says"],
  mode: (proxy: Awaited<ReturnType<typeof faultProxy>>) => Promise<void>,
): Kind => ({
  name,
  says,
  start: async (target) => {
    const proxy = await faultProxy(target);
    await mode(proxy);
    return { port: proxy.port, close: () => proxy.close() };
  },
});

const KINDS: readonly Kind[] = [
  proxied("refuses", "no", (proxy) => proxy.refuse()),
  proxied("closes at once", "no", (proxy) => proxy.closeAtOnce()),
  proxied("resets", "no", (proxy) => proxy.reset()),
  proxied("garbage, then silence", "no", (proxy) => proxy.garbage()),
  proxied("OpenWire", "no", (proxy) => proxy.garbage(WIRE_FORMAT_INFO)),
  {
    name: "TLS on a plain port",
    says: "no",
    start: async () => listening(createTlsServer().on("tlsClientError", () => {})),
  },
  proxied("silent", "nothing", (proxy) => proxy.staySilent()),
  proxied("half a handshake", "nothing", (proxy) => proxy.halfHandshake(5)),
  { name: "SYN black hole", says: "nothing", start: () => blackHole() },
];

const options = readOptions("bench:reach", { runs: 20 });
const results = [];
for (const protocol of ["stomp", "amqp"] as const) results.push(...(await measureProtocol(protocol)));
if (options.json) console.log(JSON.stringify(results, undefined, 2));
else {
  printTable(
    [
      "protocol",
      "first endpoint",
      "says",
      "runs",
      "second alone ms",
      "extra ms (median)",
      "extra ms (worst)",
      "limit ms",
      "",
    ],
    results.map(({ protocol, kind, says, runs, directMs, extras, limitMs }) => [
      protocol,
      kind,
      says,
      runs,
      directMs.toFixed(1),
      median(extras).toFixed(1),
      Math.max(...extras).toFixed(1),
      limitMs,
      Math.max(...extras) <= limitMs ? "within" : median(extras) <= limitMs ? "median within" : "OVER",
    ]),
  );
}

async function measureProtocol(protocol: Protocol) {
  const group = await embeddedGroup({ members: 1, protocols: [protocol], inProcess: true });
  const [active] = group.endpoints(protocol);
  if (!active) throw new Error("The group has no endpoint");
  try {
    const direct = `${protocol}://${active.host}:${active.port}`;
    for (let n = 0; n < 5; n++) await connectMs(direct);
    const directMs = median(await repeat(options.runs, () => connectMs(direct)));
    const rows = [];
    for (const kind of KINDS) rows.push(await measureKind(protocol, kind, active, directMs));
    return rows;
  } finally {
    await group.close();
  }
}

async function measureKind(
  protocol: Protocol,
  { name, says, start }: Kind,
  active: { host: string; port: number },
  directMs: number,
) {
  const dead = await start(active);
  const uri = `masterslave:(${protocol}://127.0.0.1:${dead.port},${protocol}://${active.host}:${active.port})`;
  try {
    const times = await repeat(options.runs, () => connectMs(uri));
    const limitMs = says === "no" ? 60 : 2 * STAGGER_MS + 60;
    return {
      protocol,
      kind: name,
      says,
      runs: times.length,
      directMs,
      extras: times.map((ms) => ms - directMs),
      limitMs,
    };
  } finally {
    await dead.close();
  }
}

async function connectMs(uri: string): Promise<number> {
  const startedAt = performance.now();
  const connection = await connect(uri);
  const tookMs = performance.now() - startedAt;
  await connection.close();
  return tookMs;
}

async function repeat(count: number, measure: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let n = 0; n < count; n++) values.push(await measure());
  return values;
}

async function listening(server: ReturnType<typeof createServer>): Promise<DeadEndpoint> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}
