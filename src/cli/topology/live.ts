/** The `masterslave topology` commands that need the running network: diff and drill. */
import { spawn } from "node:child_process";
import { formatFinding, type Severity } from "../../config/finding.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { Topology } from "../../topology/description/topology.ts";
import type { DrillReport } from "../../topology/drill/drill-report.ts";
import { drillText } from "../../topology/drill/drill-text.ts";
import { drillTopology } from "../../topology/drill/drill-topology.ts";
import { addressOf } from "../../topology/network/network.ts";
import type { AskOptions } from "../../topology/probe/ask-member.ts";
import { diffTopology } from "../../topology/probe/diff-topology.ts";
import { probeTopology } from "../../topology/probe/probe-topology.ts";
import { EXIT } from "../exit-codes.ts";
import { countFindings, countsText, findingsExitCode } from "./findings-outcome.ts";
import { loadTopology } from "./load-topology.ts";
import { runAction } from "./run-action.ts";

interface LiveOptions {
  readonly output: string;
  readonly set: Readonly<Record<string, string>>;
  readonly timeout: number;
  readonly username?: string;
  readonly passwordFile?: string;
}

export function diffAction(
  files: readonly string[],
  { output, set, failOn, ...options }: LiveOptions & { readonly failOn: Severity },
): Promise<number> {
  return runAction("diff", output, async () => {
    const { topology } = await loadTopology(files, set);
    const probe = await probeTopology(topology, askOptions(options));
    const findings = diffTopology(topology, probe);
    const counts = countFindings(findings);
    const members = Object.entries(probe.members).map(([name, state]) => {
      const { product, version } = probe.answers[name] ?? {};
      return `${name}: ${state}${product === undefined ? "" : `, ${product} ${version ?? ""}`.trimEnd()}\n`;
    });
    const lines = findings.map((finding) => `${formatFinding(finding)}\n`);
    return {
      text: [...members, ...lines, countsText(counts)].join(""),
      data: { findings, counts, ...probe },
      exitCode: findingsExitCode(findings, failOn),
    };
  });
}

interface DrillOptions extends LiveOptions {
  readonly fail: readonly string[];
  readonly killCmd?: string;
  readonly cut?: string;
  readonly healCmd?: string;
  readonly hold: number;
  readonly patience: number;
}

export function drillAction(files: readonly string[], options: DrillOptions): Promise<number> {
  return runAction("drill", options.output, async () => {
    const { topology } = await loadTopology(files, options.set);
    const report = await drill(topology, options);
    return {
      text: drillText(report),
      data: report,
      exitCode: report.differences.length > 0 ? EXIT.findings : EXIT.ok,
    };
  });
}

function drill(topology: Topology, options: DrillOptions): Promise<DrillReport> {
  const { fail, killCmd, cut, healCmd, hold, patience } = options;
  if ((killCmd === undefined) === (cut === undefined))
    throw new InvalidArgumentError(
      "Give --kill-cmd with what ends a member, or --cut with what takes a host's link down",
    );
  if (healCmd !== undefined && cut === undefined)
    throw new InvalidArgumentError("--heal-cmd takes a cut back; give --cut as well");
  const run = (option: string, command: string, host: string, member?: string) =>
    runCommand(option, command, {
      HOST: host,
      ADDRESS: addressOf(topology, host),
      ...(member !== undefined && { MEMBER: member }),
    });
  return drillTopology(topology, {
    ...askOptions(options),
    hosts: fail,
    fault: cut === undefined ? "kill" : "cut",
    holdMs: hold,
    patienceMs: patience,
    strike: async (host, members) => {
      if (cut !== undefined) await run("--cut", cut, host);
      else if (killCmd !== undefined)
        await Promise.all(members.map((member) => run("--kill-cmd", killCmd, host, member)));
    },
    ...(healCmd !== undefined && { heal: (host: string) => run("--heal-cmd", healCmd, host) }),
  });
}

const COMMAND_LIMIT_MS = 60_000;

/**
 * Runs a command of the user in a shell. Its output goes to standard error, because standard output is for the report.
 */
function runCommand(option: string, command: string, variables: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, {
      shell: true,
      env: { ...process.env, ...variables },
      stdio: ["ignore", 2, 2],
      timeout: COMMAND_LIMIT_MS,
    });
    const where = Object.values(variables).join(", ");
    const fail = (why: string, cause?: unknown) =>
      reject(new InvalidArgumentError(`${option} for ${where} ${why}: ${command}`, { cause }));
    child.once("error", (error) => fail(`could not be started (${error.message})`, error));
    child.once("close", (code, signal) => {
      if (code === 0) resolve();
      else fail(`ended with ${signal ?? code}`);
    });
  });
}

function askOptions({ timeout, username, passwordFile }: Omit<LiveOptions, "output" | "set">): AskOptions {
  if ((username === undefined) !== (passwordFile === undefined))
    throw new InvalidArgumentError("Give --username and --password-file together");
  return {
    timeoutMs: timeout,
    ...(username !== undefined && passwordFile !== undefined && { credentials: { username, passwordFile } }),
  };
}
