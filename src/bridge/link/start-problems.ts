/** The reasons why a link cannot start between its two groups, checked before it takes the first message. */
import { unlessAborted } from "../../async/unless-aborted.ts";
import type { FindingDetails } from "../../config/config-document.ts";
import { textOf } from "../../errors/text-of.ts";
import type { BridgeConfig, BridgeGroup, BridgeLink } from "../config/bridge-config.ts";
import { demandProblems, directionsOf, takenBack } from "../demand/demand-problems.ts";
import { DemandWatch } from "../demand/demand-watch.ts";
import type { DestinationPattern } from "../routing/pattern.ts";
import type { Route } from "../routing/route.ts";
import { artemisRows, askArtemis } from "../watch/artemis-management.ts";
import { lossesOf } from "./losses.ts";
import { isOneBroker } from "./one-broker.ts";
import { type OpenGroup, openGroup } from "./open-group.ts";

export interface StartProblemDeps {
  readonly link: string;
  readonly settings: BridgeLink;
  readonly route: Route;
  /** The result of takenBack(). */
  readonly takenBack: string | undefined;
  readonly source: OpenGroup;
  readonly target: OpenGroup;
  readonly signal: AbortSignal;
}

/** Resolves with the first reason, or with undefined. Both groups must be connected. Never rejects. */
export async function startProblem(
  deps: StartProblemDeps,
): Promise<{ readonly code: string; readonly reason: string } | undefined> {
  const { link, settings, route, source, target, signal } = deps;
  const losses = settings.strict ? lossesOf(link, settings, source) : [];
  const lost = losses.filter(({ severity }) => severity === "warning");
  if (lost.length > 0)
    return { code: "STRICT", reason: lost.map(({ code, message }) => `${code}: ${message}`).join("; ") };
  if (source.name !== target.name && (await isOneBroker(source.connection, target.connection, signal))) {
    const reason = `the groups ${source.name} and ${target.name} are one broker: what is published in one arrives in the other`;
    return { code: "OWN_GROUP", reason };
  }
  const [problem] = [
    ...demandProblems(link, settings, deps),
    ...(await exclusiveProblems(link, settings, source, route.sources)),
  ].filter(({ severity = "error" }) => severity === "error");
  return problem && { code: problem.code, reason: problem.message };
}

/** Resolves with the reasons why the link cannot be exclusive; never rejects. The broker's product must be known. */
export async function exclusiveProblems(
  name: string,
  { exclusive }: BridgeLink,
  source: OpenGroup,
  sources: readonly DestinationPattern[],
): Promise<FindingDetails[]> {
  if (!exclusive) return [];
  const { name: group, connection } = source;
  const refuse = (message: string, advice: string): FindingDetails[] => [
    { code: "EXCLUSIVE_UNAVAILABLE", path: ["links", name, "exclusive"], message: `${name}: ${message}`, advice },
  ];
  const product = connection.broker?.product;
  // On Classic the consumer itself asks to be exclusive, and on both products the client id makes a durable topic
  // exclusive.
  if (product === "activemq") return [];
  if (product !== "artemis") return refuse(`${product ?? group} has no exclusive consumers`, "Remove exclusive");
  const topic = sources.find(({ kind }) => kind === "topic");
  // Measured (2.55.0): two STOMP consumers with the same client id each get a part of the messages.
  if (topic && source.protocol === "stomp") {
    const message = `over STOMP, Artemis lets several processes share a durable subscription (topic://${topic.name})`;
    return refuse(message, `Give the group ${group} its AMQP ports`);
  }
  try {
    const queues = sources.filter(({ kind }) => kind === "queue");
    const shared = await firstShared(source, queues);
    if (shared === undefined) return [];
    const advice = `Set default-exclusive-queue for ${shared} in the broker, or make the queue exclusive`;
    return refuse(`queue://${shared} of ${group} is not exclusive: every process would get a part of it`, advice);
  } catch (thrown) {
    return refuse(
      `whether the queues of ${group} are exclusive cannot be asked: ${textOf(thrown)}`,
      "Let the bridge's user send and manage on activemq.management",
    );
  }
}

/**
 * Resolves with the first queue that is not exclusive. For a queue that does not exist yet, its address settings are
 * read.
 */
async function firstShared(source: OpenGroup, queues: readonly DestinationPattern[]): Promise<string | undefined> {
  for (const { name } of queues) {
    const rows = await artemisRows(source, "listQueues", name);
    const found = rows.find((row) => row["name"] === name);
    const isExclusive = found
      ? String(found["exclusive"]) === "true"
      : /"defaultExclusiveQueue":\s*true/.test(await askArtemis(source, "getAddressSettingsAsJSON", [name]));
    if (!isExclusive) return name;
  }
  return undefined;
}

/** Resolves with the findings for both directions of a link, for `check` to print before one starts. Never rejects. */
export async function problemsOnline(
  name: string,
  config: BridgeConfig,
  groups: ReadonlyMap<string, OpenGroup>,
  timeoutMs: number,
): Promise<FindingDetails[]> {
  const link = config.links[name];
  if (!link) return [];
  const found: FindingDetails[] = [];
  for (const direction of directionsOf(name, link)) {
    const source = direction && groups.get(direction.from);
    const target = direction && groups.get(direction.to);
    if (!source || !target) continue;
    const { route, to } = direction;
    found.push(...demandProblems(name, link, { target, route, takenBack: takenBack(config, direction) }));
    found.push(...(await exclusiveProblems(name, link, source, route.sources)));
    const settings = config.groups[to];
    if (link.demand && settings) found.push(...(await demandUntold(name, link, to, settings, timeoutMs)));
  }
  return found;
}

/** Uses its own connection, because a refusal over STOMP ends the session. */
async function demandUntold(
  name: string,
  { demandUnavailable = "stop" }: BridgeLink,
  group: string,
  settings: BridgeGroup,
  timeoutMs: number,
): Promise<FindingDetails[]> {
  const { connection, protocol } = openGroup(group, settings, { maxInFlight: 1, maxInFlightBytes: 1 });
  const watch = new DemandWatch({
    connection,
    protocol,
    isRelevant: () => false,
    onChange: () => {},
    onUnreadable: () => {},
  });
  const signal = AbortSignal.timeout(timeoutMs + 5_000);
  try {
    await connection.connect({ signal });
    await unlessAborted(signal, watch.start()).catch(() => {});
    const { state } = watch;
    if (state.name === "known") return [];
    const reason = state.name === "unavailable" ? state.reason : `${group} does not answer`;
    const severity = demandUnavailable === "stop" ? "error" : "warning";
    const message = `${name}: who consumes in ${group} is not told: ${reason}`;
    const advice = "docs/bridge.md lists the rights and what each broker needs; or write demandUnavailable: static";
    return [{ code: "DEMAND_UNAVAILABLE", severity, path: ["links", name, "demand"], message, advice }];
  } catch {
    // The check reports an unreachable group elsewhere.
    return [];
  } finally {
    await watch.close();
    await connection.close({ drainTimeoutMs: 0 });
  }
}
