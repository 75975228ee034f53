/**
 * Checks docs/scenarios.md: every scenario of the Java clients' failover tests is there once, and names tests that exist
 * or says why it cannot be played here. `npx tsx scripts/check-scenarios.ts [results.json]`: with the file that
 * `vitest --reporter=json --outputFile=results.json` wrote, each named test must have run and passed as well.
 */
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

/** At most this many of Qpid JMS's scenarios may be impossible over STOMP and AMQP. */
export const MAX_INAPPLICABLE = 15;

const QPID = Array.from({ length: 75 }, (_, index) => `Q${index + 1}`);
const ACTIVEMQ = `AMQ1925Test BadConnectionTest ConnectionHangOnStartupTest FailoverBackupLeakTest
  FailoverTransportBackupsTest FailoverClusterTest FailoverComplexClusterTest TwoBrokerFailoverClusterTest
  FailoverConsumerOutstandingCommitTest FailoverConsumerUnconsumedTest FailoverDuplicateTest
  FailoverDurableSubTransactionTest FailoverPrefetchZeroTest FailoverPriorityTest FailoverRandomTest
  FailoverReadInactivityBlockWriteTimeoutClientTest SoWriteTimeoutClientTest FailoverRedeliveryTransactionTest
  FailoverStateTrackingTest FailoverTimeoutTest FailoverTransactionTest FailoverTransportBrokerTest
  FailoverTransportTest FailoverTransportUriHandlingTest FailoverTxSlowAckTest FailoverUpdateURIsTest FailoverUriTest
  FailoverXATransactionTest InitalReconnectDelayTest ReconnectTest SlowConnectionTest ClientRebalanceTest
  ReconnectWithSameClientIDTest ExceptionListenerTest AMQ5844 AMQ3932 MaxFrameSizeEnabledTest broker/ft
  FailoverStaticNetworkTest NetworkFailoverTest NetworkReconnectTest NetworkBridgeReconnectOnHandshakeFailureTest
  CheckDuplicateMessagesOnDuplexTest NetworkLoopBackTest DuplexStartNpeTest`.split(/\s+/);

export interface NamedTest {
  readonly scenario: string;
  /** The path of a test file under test/. */
  readonly file: string;
  /** The test's title as written in the file, including placeholders, or the beginning of it. */
  readonly title: string;
}

export interface Scenarios {
  readonly tests: readonly NamedTest[];
  /** The scenarios that name a reason instead of a test. */
  readonly inapplicable: readonly string[];
  readonly problems: readonly string[];
}

/** The part of vitest's JSON report that is read here. */
export interface TestResults {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

const REASON = "Inapplicable: ";

/** Returns the rows of the tables, and the mistakes in each row. */
export function readScenarios(markdown: string): Scenarios {
  const rows = [...markdown.matchAll(/^\| `([\w/]+)` \|(.+)\|(.+)\|(.+)\|$/gm)];
  const problems: string[] = [];
  const found = rows.map(([, id = ""]) => id);
  for (const id of [...QPID, ...ACTIVEMQ]) {
    const times = found.filter((other) => other === id).length;
    if (times !== 1) problems.push(`${id} has ${times} rows`);
  }
  for (const id of found) if (![...QPID, ...ACTIVEMQ].includes(id)) problems.push(`${id} is no scenario`);
  const tests = rows.flatMap(([, scenario = "", , , cell = ""]) => namedTests(scenario, cell));
  const inapplicable: string[] = [];
  for (const [, id = "", , , cell = ""] of rows) {
    if (cell.trim().startsWith(REASON)) inapplicable.push(id);
    else if (!tests.some(({ scenario }) => scenario === id)) problems.push(`${id} names neither a test nor a reason`);
  }
  const ofQpid = inapplicable.filter((id) => QPID.includes(id)).length;
  if (ofQpid > MAX_INAPPLICABLE) problems.push(`${ofQpid} of Qpid's are inapplicable, ${MAX_INAPPLICABLE} at most`);
  return { tests, inapplicable, problems };
}

/** Returns the named tests that no file contains. */
export async function missingTests(tests: readonly NamedTest[]): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const { scenario, file, title } of tests) {
    const source = await readFile(new URL(`../test/${file}`, import.meta.url), "utf8").catch(() => "");
    if (!source.includes(`"${title}`) && !source.includes(`\`${title}`))
      problems.push(`${scenario}: test/${file} has no test "${title}"`);
  }
  return problems;
}

/** Returns the named tests that did not run, or did not pass. */
export function unpassedTests(tests: readonly NamedTest[], { testResults }: TestResults): readonly string[] {
  return tests.flatMap(({ scenario, file, title }) => {
    const beginning = new RegExp(
      `^${title
        .split(/%\w|\$[\w.]+/)
        .map(literal)
        .join(".*")}`,
    );
    const results = testResults
      .filter(({ name }) => name.endsWith(`/test/${file}`))
      .flatMap(({ assertionResults }) => assertionResults)
      .filter((result) => beginning.test(result.title));
    const failed = results.find(({ status }) => status !== "passed");
    if (results.length > 0 && !failed) return [];
    return [`${scenario}: test/${file} "${title}" ${failed ? `has ${failed.status}` : "did not run"}`];
  });
}

function namedTests(scenario: string, cell: string): readonly NamedTest[] {
  return [...cell.matchAll(/`([\w/.-]+\.test\.ts)`((?:\s+"[^"]+",?)+)/g)].flatMap(([, file = "", titles = ""]) =>
    [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => ({ scenario, file, title })),
  );
}

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

async function main(resultsFile: string | undefined): Promise<void> {
  const scenarios = readScenarios(await readFile(new URL("../docs/scenarios.md", import.meta.url), "utf8"));
  const { tests, inapplicable } = scenarios;
  const problems = [...scenarios.problems, ...(await missingTests(tests))];
  if (resultsFile) problems.push(...unpassedTests(tests, JSON.parse(await readFile(resultsFile, "utf8"))));
  for (const problem of problems) console.error(problem);
  const ofQpid = inapplicable.filter((id) => QPID.includes(id)).length;
  const distinct = new Set(tests.map(({ file, title }) => `${file} ${title}`)).size;
  console.log(`Qpid JMS: ${QPID.length - ofQpid} of ${QPID.length} scenarios are played`);
  console.log(`ActiveMQ: ${ACTIVEMQ.length - inapplicable.length + ofQpid} of ${ACTIVEMQ.length} tests are played`);
  console.log(`By ${distinct} tests; inapplicable: ${inapplicable.join(", ")}`);
  if (resultsFile && problems.length === 0) console.log("All of them ran and passed");
  if (problems.length > 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main(process.argv[2]);
