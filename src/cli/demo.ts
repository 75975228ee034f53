/** `masterslave demo`: sends and receives while the active member is crashed repeatedly. */
import { Command, InvalidArgumentError, Option } from "commander";
import {
  type EndpointAddress,
  type ErrorCode,
  formatAddress,
  MasterSlaveError,
  UnsupportedError,
} from "../errors/errors.ts";
import { nearestName } from "../errors/nearest-name.ts";
import { embeddedGroup } from "../testing/embedded-group.ts";
import { type CrashableGroup, type RehearsalReport, rehearseFailover } from "../testing/rehearsal/rehearse-failover.ts";
import { DemoProgress } from "./demo-progress.ts";
import { demoVerdict, printDemoReport } from "./demo-report.ts";
import { wholeNumber } from "./option-values.ts";

export type DemoProtocol = "stomp" | "amqp";

/** A group that the demo may crash, and how to dispose of it. */
export type DemoGroup = CrashableGroup & { readonly title: string; close(): Promise<void> };

/** What exists only in a checkout of the repository: real brokers, started by name. */
export interface DemoSurroundings {
  readonly startBrokers?: (product: "classic" | "artemis", protocol: DemoProtocol) => Promise<DemoGroup>;
}

interface DemoOptions {
  readonly protocol: DemoProtocol;
  readonly brokers: string;
  readonly kills: number;
  readonly rate: number;
  readonly json: boolean;
  readonly timeout: number;
}

/** Node's timers take no longer delay, about 24 days. */
const LONGEST_TIMER_MS = 2_147_483_647;

const EXIT_CODES: Partial<Record<ErrorCode, number>> = {
  INVALID_URI: 2,
  UNKNOWN_OPTION: 2,
  INVALID_OPTION: 2,
  UNSUPPORTED: 2,
  NO_ACTIVE_ENDPOINT: 3,
  CONNECT_TIMEOUT: 3,
  AUTHENTICATION_FAILED: 5,
};

/**
 * Exit codes: 0 nothing lost and order kept, 1 otherwise, 2 wrong usage, 3 no active endpoint or no failover in time, 5
 * login refused.
 */
export function demoCommand(surroundings: DemoSurroundings, exit: (code: number) => void): Command {
  return new Command("demo")
    .description("Send and receive through a group while its active member is crashed, and show that nothing is lost")
    .addOption(new Option("--protocol <name>", "which protocol to speak").choices(["stomp", "amqp"]).default("stomp"))
    .option(
      "--brokers <which>",
      "embedded, classic, artemis (both by Java), or the URI of a group of yours",
      brokersNamed,
      "embedded",
    )
    .option("--kills <n>", "how often the active member is crashed", wholeNumber, 3)
    .option("--rate <n>", "messages per second at most", wholeNumber, 2000)
    .option("--timeout <seconds>", "how long the first session and each failover may take", wholeNumber, 120)
    .option("--json", "print the report as JSON", false)
    .action(async (options: DemoOptions) => exit(await runDemo(options, surroundings)));
}

async function runDemo(options: DemoOptions, surroundings: DemoSurroundings): Promise<number> {
  const { kills, rate, json, timeout } = options;
  let group: DemoGroup | undefined;
  const progress = new DemoProgress({ kills, silent: json });
  try {
    group = await startGroup(options, surroundings);
    const byHand = group.byHand === true;
    progress.begin(group.title, byHand && `you end its active member ${kills} times, each time when asked to`);
    const report = await rehearseFailover(group, {
      kills,
      rate,
      window: 200,
      timeoutMs: Math.min(timeout * 1000, LONGEST_TIMER_MS),
      onAnswer: byHand ? (endpoint, answer) => progress.answer(endpoint, answer) : undefined,
      onWaiting: byHand ? (waiting) => progress.waiting(waiting) : undefined,
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

async function startGroup(options: DemoOptions, surroundings: DemoSurroundings): Promise<DemoGroup> {
  const { brokers, protocol, kills, timeout } = options;
  if (brokers === "embedded") return startEmbedded(protocol);
  if (brokers !== "classic" && brokers !== "artemis") return groupByHand({ uri: brokers, kills, timeout });
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

/** The user's own group: the demo does not crash it, but asks the user and waits. */
function groupByHand({ uri, kills, timeout }: { uri: string; kills: number; timeout: number }): DemoGroup {
  let asked = 0;
  let ended: EndpointAddress | undefined;
  return {
    title: "a group of yours",
    uri,
    byHand: true,
    crash: async (active) => {
      asked += 1;
      ended = active;
      const how = "kill -9 its process, or stop its machine";
      console.error(
        `${asked} of ${kills}: end the active member now, ${formatAddress(active)} (${how}); waiting ${timeout} s`,
      );
    },
    mend: async () => {
      if (ended) console.error(`Start ${formatAddress(ended)} again, so that it can take over from the next one`);
    },
    close: async () => {},
  };
}

const BROKERS = ["embedded", "classic", "artemis"];

/** Accepts one of the three words, or a URI. A mistyped word is not taken for a URI. */
function brokersNamed(text: string): string {
  if (text.includes(":") || BROKERS.includes(text)) return text;
  const nearest = nearestName(text, BROKERS);
  const meant = nearest ? `Did you mean ${nearest}? ` : "";
  throw new InvalidArgumentError(
    `${meant}Give embedded, classic or artemis, or a URI such as masterslave:(stomp://a:61613,stomp://b:61613).`,
  );
}
