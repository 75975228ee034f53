/**
 * `npm run network-mistakes [-- --only CODE] [--write]`: makes each mistake of published configurations once on real
 * brokers, and prints what was observed and what the log says. With --write the results are kept for
 * docs/published-configurations.md. Needs Java and Maven.
 */
import { parseArgs } from "node:util";
import { checkTopology } from "../src/topology/check/check-topology.ts";
import { NetworkLab } from "../test/brokers/topology-lab.ts";
import { MISTAKES } from "../test/network/mistakes/all-mistakes.ts";
import { type Mistake, plainLine, type Seen } from "../test/network/mistakes/mistake.ts";
import { keepMistake } from "../test/network/mistakes/mistake-file.ts";
import { withFreePorts } from "../test/network/mistakes/networks.ts";

const { values } = parseArgs({
  options: { only: { type: "string", multiple: true }, write: { type: "boolean", default: false } },
});
for (const mistake of MISTAKES) {
  if (values.only && !values.only.includes(mistake.code)) continue;
  try {
    const seen = await make(mistake);
    console.log(
      `${mistake.code}: ${mistake.setting}\n  ${seen.what}\n${seen.log.map((line) => `  | ${line}\n`).join("")}`,
    );
    if (values.write) keepMistake({ code: mistake.code, setting: mistake.setting, ...seen });
  } catch (reason) {
    console.error(`${mistake.code} could not be made: ${reason instanceof Error ? reason.stack : reason}`);
    process.exitCode = 1;
  }
}

async function make({ code, network, watch, failure }: Mistake): Promise<Seen> {
  const topology = await withFreePorts(network);
  const codes = checkTopology(topology).map((finding) => finding.code);
  if (!codes.includes(code)) throw new Error(`check finds ${codes.join(", ") || "nothing"} in it, not ${code}`);
  let lab: NetworkLab;
  try {
    lab = await NetworkLab.start(topology);
  } catch (reason) {
    const lines = String(reason)
      .split("\n")
      .filter((line) => failure?.test(line))
      .map(plainLine);
    if (!failure) throw reason;
    if (lines.length === 0) throw new Error(`No line of the log says why: ${reason}`);
    return { what: "The broker does not start.", log: [...new Set(lines)].slice(-2) };
  }
  try {
    const logLines = async (member: string, pattern: RegExp, most = 5) => {
      const text = await lab.logTail(member, 100_000);
      return text
        .split("\n")
        .filter((line) => pattern.test(line) && !line.startsWith("\t"))
        .slice(0, most)
        .map(plainLine);
    };
    if (watch) return await watch({ lab, logLines });
    const [first = ""] = topology.groups["A"]?.members.map(({ name }) => name) ?? [];
    const log = await logLines(first, failure ?? /./, 3);
    return { what: "The broker starts.", log };
  } finally {
    await lab.close();
  }
}
