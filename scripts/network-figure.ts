/**
 * `npm run network-figure -- --figure 4.1|4.2 [--fail HOST]`: starts the figure's brokers with the XML that export writes,
 * kills a host, and prints what was predicted beside what was measured. Needs Java and Maven.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { readTopologyFile } from "../src/topology/description/read-topology.ts";
import { networkOf } from "../src/topology/network/network.ts";
import { NetworkLab, onLoopback } from "../test/brokers/topology-lab.ts";
import { NetworkRun } from "../test/brokers/topology-run.ts";

const { values } = parseArgs({ options: { figure: { type: "string", default: "4.1" }, fail: { type: "string" } } });
const { figure } = values;
if (figure !== "4.1" && figure !== "4.2") throw new Error(`--figure is 4.1 or 4.2; found ${figure}`);
const host = values.fail ?? (figure === "4.1" ? "h1" : "h3");
const MESSAGES = 20;

const described = await readTopologyFile(new URL(`../examples/networks/figure-${figure}.yaml`, import.meta.url));
const topology = await onLoopback(described);
if (!Object.hasOwn(topology.hosts, host))
  throw new Error(`--fail ${host}: the hosts are ${Object.keys(topology.hosts).join(", ")}`);

const startedAt = performance.now();
const sinceStart = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
const lab = await NetworkLab.start(topology);
const run = new NetworkRun(lab);
try {
  console.log(
    `Figure ${figure}: ${networkOf(topology).members.size} brokers started after ${sinceStart()}, ${memoryOf(lab.pids())}`,
  );
  await run.connect();
  const before = await lab.states();
  await run.waitForLinks();
  console.log(`Connectors there: ${networkOf(topology).connectors.length}, after ${sinceStart()}, as the brokers tell`);
  let [sent, received] = await transferAll();
  const { predicted, measured, takeoverMs, linksBackMs } = await run.fail(host);
  const [sentAfter, receivedAfter] = await transferAll();
  [sent, received] = [sent + sentAfter, received + receivedAfter];
  console.log(`Host ${host} killed: taken over after ${takeoverMs} ms, all connectors back after ${linksBackMs} ms\n`);
  console.log("| member | before | predicted | measured | |\n| --- | --- | --- | --- | --- |");
  for (const [name, state] of Object.entries(predicted))
    console.log(
      `| ${name} | ${before[name]} | ${state} | ${measured[name]} | ${state === measured[name] ? "as predicted" : "DIFFERS"} |`,
    );
  const right = Object.entries(predicted).filter(([name, state]) => measured[name] === state).length;
  console.log(
    `\n${right} of ${Object.keys(predicted).length} members as predicted; sent ${sent}, received ${received}, lost ${sent - received}`,
  );
  process.exitCode = right === Object.keys(predicted).length && sent === received ? 0 : 4;
} finally {
  await run.close();
  await lab.close();
}

/** From each group to the one farthest from it in the list. */
async function transferAll(): Promise<[sent: number, received: number]> {
  const groups = Object.keys(topology.groups);
  let received = 0;
  for (const [index, from] of groups.entries()) {
    const to = groups[(index + Math.ceil(groups.length / 2)) % groups.length] ?? from;
    received += await run.transfer(from, to, MESSAGES);
  }
  return [groups.length * MESSAGES, received];
}

/** The resident memory of processes together; Linux only. */
function memoryOf(pids: readonly number[]): string {
  try {
    const kib = pids.map((pid) =>
      Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0),
    );
    return `${Math.round(kib.reduce((sum, each) => sum + each, 0) / 1024)} MiB resident`;
  } catch {
    return "memory not known";
  }
}
