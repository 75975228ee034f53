/** `masterslave demo`: the main job, shown: send and receive while the active member is crashed again and again. */
import { Command, InvalidArgumentError, Option } from "commander";
import { type ErrorCode, formatAddress, MasterSlaveError, UnsupportedError } from "../errors/errors.ts";
import { embeddedGroup } from "../testing/embedded-group.ts";
import { type CrashableGroup, type RehearsalReport, rehearseFailover } from "../testing/rehearsal/rehearse-failover.ts";
import { DemoProgress } from "./demo-progress.ts";
import { demoVerdict, printDemoReport } from "./demo-report.ts";

export type DemoProtocol = "stomp" | "amqp";

/** A group the demo may crash, and how to be rid of it. */
export type DemoGroup = CrashableGroup & { readonly title: string; close(): Promise<void> };

/** What only a checkout of the repository has: real brokers, started by name. */
export interface DemoSurroundings {
  readonly startBrokers?: (product: "classic" | "artemis", protocol: DemoProtocol) => Promise<DemoGroup>;
}

interface DemoOptions {
  readonly protocol: DemoProtocol;
  readonly brokers: string;
  readonly kills: number;
  readonly rate: number;
  readonly json: boolean;
}

const EXIT_CODES: Partial<Record<ErrorCode, number>> = {
  INVALID_URI: 2,
  UNKNOWN_OPTION: 2,
  INVALID_OPTION: 2,
  UNSUPPORTED: 2,
  NO_ACTIVE_ENDPOINT: 3,
  CONNECT_TIMEOUT: 3,
  AUTHENTICATION_FAILED: 5,
};

/** Exit codes: 0 nothing lost and order held, 1 otherwise, 2 bad usage, 3 no active endpoint, 5 login refused. */
export function demoCommand(surroundings: DemoSurroundings, exit: (code: number) => void): Command {
  return new Command("demo")
    .description("Send and receive through a group while its active member is crashed, and show that nothing is lost")
    .addOption(new Option("--protocol <name>", "which protocol to speak").choices(["stomp", "amqp"]).default("stomp"))
    .option(
      "--brokers <which>",
      "embedded, classic, artemis (both by Java), or the URI of a group of yours",
      "embedded",
    )
    .option("--kills <n>", "how often the active member is crashed", wholeNumber, 3)
    .option("--rate <n>", "messages per second at most", wholeNumber, 2000)
    .option("--json", "print the report as JSON", false)
    .action(async (options: DemoOptions) => exit(await runDemo(options, surroundings)));
}

async function runDemo(options: DemoOptions, surroundings: DemoSurroundings): Promise<number> {
  const { kills, rate, json } = options;
  let group: DemoGroup | undefined;
  const progress = new DemoProgress({ kills, silent: json });
  try {
    group = await startGroup(options, surroundings);
    progress.begin(group.title);
    const report = await rehearseFailover(group, {
      kills,
      rate,
      window: 200,
      onProgress: (step) => progress.show(step),
    });
    progress.end();
    printReport(report, group.title, json);
    return demoVerdict(report).ok ? 0 : 1;
  } catch (reason) {
    progress.end();
    const error = MasterSlaveError.from(reason);
    console.error(`${error.code}: ${error.message}`);
    return EXIT_CODES[error.code] ?? 1;
  } finally {
    await group?.close();
  }
}

function printReport(report: RehearsalReport, title: string, json: boolean): void {
  if (json) console.log(JSON.stringify({ group: title, ...report, ...demoVerdict(report) }, undefined, 2));
  else printDemoReport(report);
}

async function startGroup({ brokers, protocol }: DemoOptions, surroundings: DemoSurroundings): Promise<DemoGroup> {
  if (brokers === "embedded") return startEmbedded(protocol);
  if (brokers !== "classic" && brokers !== "artemis") return groupByHand(brokers);
  if (surroundings.startBrokers) return surroundings.startBrokers(brokers, protocol);
  const text = `--brokers ${brokers} starts real brokers from the repository: clone it and run npm run demo there, or give a URI`;
  throw new UnsupportedError(text);
}

async function startEmbedded(protocol: DemoProtocol): Promise<DemoGroup> {
  const group = await embeddedGroup({ members: 2, protocols: [protocol] });
  let crashed = 0;
  return {
    title: "an embedded pair: two processes over one store",
    uri: group.uri(protocol),
    crash: async () => {
      crashed = await group.crash();
    },
    mend: async () => {
      await group.takeover();
      await group.restart(crashed);
    },
    close: () => group.close(),
  };
}

/** A group of the user's: it is not ours to crash, so the demo asks and waits. */
function groupByHand(uri: string): DemoGroup {
  return {
    title: "a group of yours",
    uri,
    byHand: true,
    crash: async (active) => console.error(`End the active member now: ${formatAddress(active)}`),
    mend: async () => {},
    close: async () => {},
  };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("Give a whole number from 1 on.");
  return value;
}
