/**
 * `npm run network-figure -- --figure 4.1|4.2 [--fail HOST] [--cut HOST] [--loopback] [--write]`: starts the figure's brokers
 * with the XML that export writes, in a network namespace for each host where this machine lets us make them; kills a host,
 * starts it again, cuts a host off and heals it. Prints prediction beside reality; --write keeps the run for docs/topology.md
 * (then npm run format and npm run docs).
 * Needs Java and Maven.
 */
import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { readTopologyFile } from "../src/topology/description/read-topology.ts";
import { networkOf } from "../src/topology/network/network.ts";
import { NETWORK_BROKER_VERSION } from "../test/brokers/maven-jars.ts";
import { NetworkLab } from "../test/brokers/topology-lab.ts";
import { type CutRun, NetworkRun } from "../test/brokers/topology-run.ts";
import { loopbackPlaces, networkPlaces } from "../test/network/lab/network-places.ts";
import { type FigureRun, keepRun, type RecordedCut } from "../test/network/network-run-file.ts";
import { renderRun } from "./render-network-runs.ts";

const { values } = parseArgs({
  options: {
    figure: { type: "string", default: "4.1" },
    fail: { type: "string" },
    cut: { type: "string" },
    loopback: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const { figure } = values;
if (figure !== "4.1" && figure !== "4.2") throw new Error(`--figure is 4.1 or 4.2; found ${figure}`);
const failed = values.fail ?? (figure === "4.1" ? "h1" : "h3");
const MESSAGES = 20;

const described = await readTopologyFile(new URL(`../examples/networks/figure-${figure}.yaml`, import.meta.url));
const places = await (values.loopback ? loopbackPlaces : networkPlaces)(described);
const { topology } = places;
// The host that has taken over is cut off, because that has the most effect.
const cutHost = values.cut ?? (figure === "4.1" ? "h2" : "h1");
for (const host of [failed, cutHost])
  if (!Object.hasOwn(topology.hosts, host))
    throw new Error(`No host ${host}; there are ${Object.keys(topology.hosts).join(", ")}`);

const startedAt = performance.now();
const sinceStart = () => Math.round(performance.now() - startedAt);
let lab: NetworkLab | undefined;
let run: NetworkRun | undefined;
try {
  lab = await NetworkLab.start(topology, places.links);
  const startMs = sinceStart();
  const memoryMiB = memoryOf(lab.pids());
  const clients = await places.startClients();
  run = new NetworkRun(lab, clients);
  await run.waitForLinks();
  const linksMs = sinceStart();
  let [sent, received] = await transferAll(run);
  const kill = await run.kill(failed);
  const [sentAfter, receivedAfter] = await transferAll(run);
  [sent, received] = [sent + sentAfter, received + receivedAfter];
  await lab.startHost(failed);
  const after = await clients.probe();
  const restarted = [...run.watchdog.acted];
  const cut = places.kind === "namespaces" ? await cutOff(run) : undefined;
  if (cut) [sent, received] = [sent + cut.sent, received + cut.received];
  const whole: FigureRun = {
    figure,
    broker: NETWORK_BROKER_VERSION,
    hosts: places.kind,
    machine: `${cpus().length} cores, load average ${loadavg()[0]?.toFixed(0)}`,
    connectors: networkOf(topology).connectors.length,
    startMs,
    linksMs,
    memoryMiB,
    failed,
    rows: kill.rows,
    takeoverMs: kill.takeoverMs ?? null,
    predictedMs: kill.predicted.outageMs,
    connectorsMs: kill.connectorsMs ?? null,
    after: after.members,
    cut: cut ? recordOf(cut, run.watchdog.acted.slice(restarted.length)) : null,
    sent,
    received,
    restarted,
  };
  console.log(renderRun(whole));
  if (values.write) keepRun(whole);
  const agree = kill.differences.length === 0 && (cut?.report.differences.length ?? 0) === 0;
  process.exitCode = agree && sent === received ? 0 : 4;
} finally {
  await run?.close();
  await lab?.close();
  await places.close();
}

/** Cuts a host off while messages are sent at a group on it, or at any group if it has none. */
function cutOff(running: NetworkRun): Promise<CutRun> {
  const groups = Object.keys(topology.groups);
  return running.cut(cutHost, "A", groups.length > 2 ? "E" : "A", MESSAGES);
}

/** Pairs each group with the one farthest from it in the list. */
async function transferAll(running: NetworkRun): Promise<[sent: number, received: number]> {
  const groups = Object.keys(topology.groups);
  let received = 0;
  for (const [index, from] of groups.entries()) {
    const to = groups[(index + Math.ceil(groups.length / 2)) % groups.length] ?? from;
    received += await running.transfer(from, to, MESSAGES);
  }
  return [groups.length * MESSAGES, received];
}

/** Gives the times of the clients' events relative to the first of them. */
function recordOf({ report, notes }: CutRun, restarted: readonly string[]): RecordedCut {
  const first = notes[0]?.atMs ?? 0;
  return {
    host: cutHost,
    rows: report.rows,
    healed: report.healed?.rows ?? [],
    stranded: report.predicted.stranded,
    recoveryMs: report.healed?.recoveryMs ?? null,
    connectorsMs: report.connectorsMs ?? null,
    restarted,
    said: notes.map(
      ({ group, event, atMs, detail }) =>
        `${((atMs - first) / 1000).toFixed(1)} s, client of group ${group}: ${event}, ${detail.split("\n")[0]}`,
    ),
  };
}

/** Returns the resident memory of several processes together; null without /proc. */
function memoryOf(pids: readonly number[]): number | null {
  try {
    const kib = pids.map((pid) =>
      Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0),
    );
    return Math.round(kib.reduce((sum, each) => sum + each, 0) / 1024);
  } catch {
    return null;
  }
}
