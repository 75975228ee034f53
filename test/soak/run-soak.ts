/** A soak of one pair after the other: legs of loads and faults in a network of our own, until the time is up or it is cut short. */
import type { Product, Protocol } from "../brokers/group-contract.ts";
import { strainOf } from "../brokers/kill/strain.ts";
import { type BrokerPair, startPair } from "../network/lab/broker-pair.ts";
import { HostProgram } from "../network/lab/host-program.ts";
import { createNetwork } from "../network/lab/network.ts";
import { FaultPlan, type PlannedFault } from "./fault-plan.ts";
import type { PollerOperations } from "./service-poller.ts";
import type { ClientOperations, Footprint } from "./soak-client.ts";
import { type LegOptions, type LegReport, runLeg } from "./soak-leg.ts";

export interface SoakOptions {
  readonly products: readonly Product[];
  readonly protocols: readonly Protocol[];
  /** Over all pairs; what settles after it is not counted. */
  readonly minutes: number;
  readonly legSeconds: number;
  readonly heartbeatMs: number;
  readonly restMs: number;
  /** The brokers reach their limits: see strain.ts. */
  readonly strained: boolean;
  /** What each pair goes through; it is done with when they are at an end. */
  readonly faults: Iterable<PlannedFault, void>;
  /** Ends the faults early: what runs settles, and the figures are told. */
  readonly cut: AbortSignal;
}

export interface PairReport {
  readonly product: Product;
  readonly version: string;
  readonly legs: readonly LegReport[];
  /** Of each client's process, when nothing was open: before the first leg and after each. */
  readonly footprints: readonly { readonly protocol: Protocol; readonly taken: readonly Footprint[] }[];
  /** What reached a client's process and should not have. */
  readonly trouble: readonly string[];
}

export async function runSoak(options: SoakOptions): Promise<PairReport[]> {
  const reports: PairReport[] = [];
  for (const product of options.products) if (!options.cut.aborted) reports.push(await soakPair(product, options));
  return reports;
}

async function soakPair(product: Product, options: SoakOptions): Promise<PairReport> {
  await using network = await createNetwork();
  const strain = strainOf(product, options.strained);
  await using pair = await startPair(network, product, { ...strain.group, heapMb: 1024 });
  const host = await network.host("clients");
  const clients = await Promise.all(
    options.protocols.map(async (protocol) => ({
      protocol,
      program: await HostProgram.start<ClientOperations>(host, new URL("./soak-client.ts", import.meta.url)),
    })),
  );
  const poller = await startPoller(await network.host("poller"), pair);
  const takeFootprints = () => Promise.all(clients.map(({ program }) => program.call("footprint")));
  const footprints = [await takeFootprints()];
  const legs: LegReport[] = [];
  const totalMs = (options.minutes * 60_000) / options.products.length;
  const plan = new FaultPlan(options.faults);
  const startedAt = performance.now();
  for (
    let left = totalMs;
    left > 1_000 && !plan.over && !options.cut.aborted;
    left = totalMs - (performance.now() - startedAt)
  ) {
    const lastsMs = Math.min(left, options.legSeconds * 1_000);
    const leg = await closedLeg({
      ...options,
      scene: { pair, clients },
      plan,
      poller,
      lastsMs,
      settings: { heartbeatMs: options.heartbeatMs, restMs: options.restMs, prefix: strain.prefix },
      number: legs.length,
    });
    legs.push(leg);
    footprints.push(await takeFootprints());
    if (leg.hung.length > 0) break;
  }
  const trouble = (await Promise.all(clients.map(({ program }) => program.call("trouble")))).flat();
  await Promise.all([poller, ...clients.map(({ program }) => program)].map((program) => program.close()));
  const taken = options.protocols.map((protocol, index) => ({
    protocol,
    taken: footprints.flatMap((each) => each[index] ?? []),
  }));
  return { product, version: pair.group.version, legs, footprints: taken, trouble };
}

/** A broker that does not come back must not cost the figures of the legs before. */
function closedLeg(options: LegOptions): Promise<LegReport> {
  return runLeg(options).catch((reason: unknown) => ({
    faults: [],
    clients: [],
    hung: [`the leg could not go on: ${reason instanceof Error ? reason.message : reason}`],
  }));
}

async function startPoller(
  host: Parameters<typeof HostProgram.start>[0],
  { group }: BrokerPair,
): Promise<HostProgram<PollerOperations>> {
  const poller = await HostProgram.start<PollerOperations>(host, new URL("./service-poller.ts", import.meta.url));
  await poller.call("start", {
    product: group.product,
    protocol: "stomp",
    endpoints: [group.endpoint("a", "stomp"), group.endpoint("b", "stomp")],
    credentials: group.credentials,
    destination: "soak.poller",
  });
  return poller;
}
