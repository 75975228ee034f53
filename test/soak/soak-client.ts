/** A program in the clients' host: the loads of one protocol, half of them through fault proxies, and what became of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { connect } from "../../src/connect/connect.ts";
import type { Connection } from "../../src/messaging/connection/connection.ts";
import { type FaultProxy, faultProxy } from "../../src/testing/fault-proxy.ts";
import type { Credentials } from "../../src/uri/endpoint.ts";
import type { Product, Protocol } from "../brokers/group-contract.ts";
import type { LoadFindings } from "../brokers/kill/loads/load.ts";
import { WatchedLoad } from "../brokers/kill/watched-load.ts";
import { serveCalls } from "../network/lab/serve-calls.ts";
import { Pulse, type PulseReport } from "./pulse.ts";

export interface ClientSettings {
  readonly product: Product;
  readonly protocol: Protocol;
  readonly endpoints: readonly { readonly host: string; readonly port: number }[];
  readonly credentials: Credentials;
  readonly heartbeatMs: number;
  readonly restMs: number;
  /** What the names of all destinations of the loads begin with. */
  readonly prefix: string;
  readonly loads: readonly { readonly name: string; readonly proxied: boolean }[];
}

export interface ClientReport {
  readonly loads: readonly { readonly name: string; readonly findings: LoadFindings }[];
  readonly pulses: { readonly direct: PulseReport; readonly proxied: PulseReport };
  readonly failovers: number;
  readonly resent: number;
}

export interface Footprint {
  readonly heapMib: number;
  readonly rssMib: number;
  readonly handles: number;
}

interface Session {
  readonly proxies: readonly FaultProxy[];
  readonly loads: readonly WatchedLoad[];
  readonly pulses: { readonly direct: Pulse; readonly proxied: Pulse };
  readonly connections: Connection[];
  readonly pulsing: readonly Connection[];
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
const MIB = 1024 * 1024;
const trouble: string[] = [];
for (const event of ["unhandledRejection", "uncaughtException"] as const)
  process.on(event, (reason: unknown) => {
    trouble.push(`${event}: ${reason instanceof Error ? reason.stack : reason}`);
  });
let session: Session | undefined;

const operations = {
  async begin(settings: ClientSettings): Promise<void> {
    const { protocol, credentials, heartbeatMs } = settings;
    const proxies = await Promise.all(settings.endpoints.map((endpoint) => faultProxy(endpoint)));
    const uriOf = (endpoints: ClientSettings["endpoints"]) =>
      `masterslave:(${endpoints.map(({ host, port }) => `${protocol}://${host}:${port}`).join(",")})?heartbeatMs=${heartbeatMs}`;
    const uris = { direct: uriOf(settings.endpoints), proxied: uriOf(proxies) };
    const connections: Connection[] = [];
    const onConnection = (connection: Connection) => void connections.push(connection);
    const loads = settings.loads.map(
      ({ name, proxied }) =>
        new WatchedLoad(name, { ...settings, uri: proxied ? uris.proxied : uris.direct, onConnection }, (line) =>
          console.error(`[soak] ${protocol} ${line}`),
        ),
    );
    const pulsing = [
      await connect(uris.direct, { credentials }),
      await connect(uris.proxied, { credentials }),
    ] as const;
    const [direct, proxied] = [
      new Pulse(pulsing[0], "topic://soak.pulse.direct"),
      new Pulse(pulsing[1], "topic://soak.pulse.proxied"),
    ];
    session = { proxies, loads, pulses: { direct, proxied }, connections, pulsing };
    for (const load of loads) await load.start();
  },

  /** Resolves with the loads that have done nothing more within the time. */
  async getOn(timeoutMs: number): Promise<readonly string[]> {
    const loads = session?.loads ?? [];
    await Promise.all(loads.map((load) => load.getOn(timeoutMs)));
    return loads.filter(({ stalled }) => stalled).map(({ name }) => name);
  },

  async disturb(kind: "latency" | "reset" | "cut" | "silence"): Promise<void> {
    for (const proxy of session?.proxies ?? []) {
      if (kind === "latency") proxy.delay(300);
      if (kind === "cut") {
        proxy.cutAfter(1_500, "to-target", "reset");
        // Once for each connection: a send that loses several sessions in a row is taken for poison, and rightly so.
        await proxy.refuse();
      }
      if (kind === "silence") await proxy.staySilent();
      if (kind === "reset" || kind === "silence") proxy.dropConnections("reset");
    }
  },

  async undisturb(): Promise<void> {
    for (const proxy of session?.proxies ?? []) await proxy.pass();
  },

  /** Stops, lets everything settle, reads what is left to read, closes, and tells. */
  async end(): Promise<ClientReport> {
    if (!session) throw new Error("end() was called before begin()");
    const { loads, pulses, proxies, connections, pulsing } = session;
    await Promise.all([...loads.map((load) => load.stop()), pulses.direct.stop(), pulses.proxied.stop()]);
    await Promise.all(loads.map((load) => load.settle()));
    const stats = [...connections, ...pulsing].map((connection) => connection.stats());
    const report = {
      loads: loads.map(({ name, findings }) => ({ name, findings })),
      pulses: { direct: pulses.direct.report, proxied: pulses.proxied.report },
      failovers: stats.reduce((sum, { failovers }) => sum + failovers, 0),
      resent: stats.reduce((sum, { resent }) => sum + resent, 0),
    };
    await Promise.all([...loads.map((load) => load.close()), ...pulsing.map((connection) => connection.close())]);
    await Promise.all(proxies.map((proxy) => proxy.close()));
    session = undefined;
    return report;
  },

  /** When nothing is open: whatever grows from one leg to the next is a leak. */
  async footprint(): Promise<Footprint> {
    await sleep(1_000);
    collectGarbage();
    await sleep(50);
    collectGarbage();
    const { heapUsed, rss } = process.memoryUsage();
    return { heapMib: heapUsed / MIB, rssMib: rss / MIB, handles: process.getActiveResourcesInfo().length };
  },

  /** What reached the process itself and should not have. */
  trouble: () => trouble,
};
export type ClientOperations = typeof operations;

serveCalls(operations);
