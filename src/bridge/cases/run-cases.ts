/** Runs cases against a configuration, with embedded groups in this process. */
import { randomUUID } from "node:crypto";
import { connect } from "../../connect/connect.ts";
import type { Connection } from "../../messaging/connection/connection.ts";
import { parseDestination } from "../../messaging/messages/destination.ts";
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";
import type { Consumer } from "../../messaging/receiving/consuming/consumer.ts";
import { type EmbeddedGroup, embeddedGroup } from "../../testing/embedded-group.ts";
import { createBridge } from "../bridge.ts";
import type { BridgeConfig, BridgeGroup } from "../config/bridge-config.ts";
import type { BridgeCase } from "./case-file.ts";

export interface CaseResult {
  readonly name: string;
  readonly ok: boolean;
  /** What was found instead of the expected result; undefined if the case passes. */
  readonly found: string | undefined;
  readonly tookMs: number;
}

/** How long to wait for a message that should arrive. */
const ARRIVES_MS = 2_000;
/** How long a message that should stay has to move. */
const STAYS_MS = 150;
const CASE_PROPERTY = "BridgeCase";

interface Stage {
  readonly config: BridgeConfig;
  readonly groups: ReadonlyMap<string, EmbeddedGroup>;
  readonly clients: ReadonlyMap<string, Connection>;
}

/** Resolves with a result for each case, in their order. */
export async function runCases(config: BridgeConfig, cases: readonly BridgeCase[]): Promise<readonly CaseResult[]> {
  const groups = new Map<string, EmbeddedGroup>();
  const clients = new Map<string, Connection>();
  const closing: (() => Promise<void>)[] = [];
  try {
    for (const name of new Set(Object.values(config.links).flatMap(({ from, to }) => [from, to]))) {
      const group = await embeddedGroup({ members: 1, inProcess: true });
      closing.push(() => group.close());
      const client = await connect(group.uri("amqp"));
      closing.push(() => client.close({ drainTimeoutMs: 0 }));
      groups.set(name, group);
      clients.set(name, client);
    }
    const bridge = createBridge(onEmbedded(config, groups));
    closing.push(() => bridge.close({ drainTimeoutMs: 0 }));
    await bridge.start();
    const results: CaseResult[] = [];
    for (const each of cases) results.push(await runCase(each, { config, groups, clients }));
    return results;
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** An embedded group does not tell who consumes, and one process runs the cases: everything included counts as wanted. */
const NOT_HERE = {
  ...{ demand: false, demandUnavailable: undefined, durableDemand: undefined, returnWhenNoConsumers: false },
  exclusive: false,
};

/** The same links between embedded groups, over the protocols of the configuration; no link ends by itself. */
function onEmbedded(config: BridgeConfig, groups: ReadonlyMap<string, EmbeddedGroup>): BridgeConfig {
  const entries = Object.entries(config.groups).flatMap(([name, { uri, id }]): [string, BridgeGroup][] => {
    const group = groups.get(name);
    const protocol = /stomp/.test(uri.slice(0, uri.indexOf("://") + 20)) ? "stomp" : "amqp";
    return group ? [[name, { uri: group.uri(protocol), ...(id !== undefined && { id }) }]] : [];
  });
  const links = Object.entries(config.links).map(
    ([name, link]) => [name, { ...link, ...NOT_HERE, until: "forever", canary: false }] as const,
  );
  return { groups: Object.fromEntries(entries), links: Object.fromEntries(links) };
}

async function runCase(each: BridgeCase, stage: Stage): Promise<CaseResult> {
  const startedAt = performance.now();
  const found = await play(each, stage).catch((reason: unknown) =>
    reason instanceof Error ? reason.message : String(reason),
  );
  return { name: each.name, ok: found === undefined, found, tookMs: Math.round(performance.now() - startedAt) };
}

/** Resolves with what is wrong; undefined if everything is as expected. */
async function play(
  { link: name, given, expect }: BridgeCase,
  { config, clients }: Stage,
): Promise<string | undefined> {
  const link = config.links[name];
  const source = link && clients.get(link.from);
  const target = link && clients.get(link.to);
  if (!source || !target) return `the link ${name} is not there`;
  const mark = randomUUID();
  const wanted = placeOf(expect, link.deadLetter, given.destination);
  const watched = expect === "dead-letter" ? source : target;
  const isQueue = parseDestination(wanted).kind === "queue";
  const consumer = expect === "stays" ? undefined : watched.consume(wanted, { prefetch: 1_000 });
  await consumer?.ready;
  const { destination, body = "", properties = {}, replyTo, correlationId } = given;
  try {
    await source.send(destination, body, {
      properties: { ...properties, [CASE_PROPERTY]: mark },
      ...(replyTo !== undefined && { replyTo }),
      ...(correlationId !== undefined && { correlationId }),
    });
    if (!consumer) return await movedMeanwhile(target, wanted, mark, isQueue);
    const message = await arrival(consumer, mark);
    if (!message) return `nothing arrived in ${wanted} within ${ARRIVES_MS} ms`;
    return expect === "dead-letter" || expect === "stays" ? undefined : difference(expect, message);
  } finally {
    await consumer?.close();
  }
}

function placeOf(expect: BridgeCase["expect"], deadLetter: string | undefined, given: string): string {
  if (expect === "stays") return given;
  return expect === "dead-letter" ? (deadLetter ?? "queue://ActiveMQ.DLQ") : expect.destination;
}

/** Leaves messages of other cases where they are. */
async function arrival(consumer: Consumer, mark: string): Promise<ReceivedMessage | undefined> {
  const until = performance.now() + ARRIVES_MS;
  for (let left = ARRIVES_MS; left > 0; left = until - performance.now()) {
    const delivery = await consumer.receive({ timeoutMs: left });
    if (delivery?.message.properties[CASE_PROPERTY] !== mark) continue;
    await delivery.accept();
    return delivery.message;
  }
  return undefined;
}

/** Looks for a message that should stay at the place where it would have gone under its own name. */
async function movedMeanwhile(
  target: Connection,
  wanted: string,
  mark: string,
  isQueue: boolean,
): Promise<string | undefined> {
  await new Promise((resolve) => setTimeout(resolve, STAYS_MS));
  if (!isQueue) return undefined;
  for await (const message of target.browse(wanted))
    if (message.properties[CASE_PROPERTY] === mark) return `it was forwarded to ${wanted}`;
  return undefined;
}

function difference(expect: Extract<BridgeCase["expect"], object>, message: ReceivedMessage): string | undefined {
  if (expect.body !== undefined && message.text() !== expect.body)
    return `the body is ${JSON.stringify(message.text().slice(0, 100))}`;
  if (expect.replyTo !== undefined && message.replyTo !== expect.replyTo) return `replyTo is ${message.replyTo}`;
  for (const [name, value] of Object.entries(expect.properties ?? {})) {
    const found = message.properties[name];
    // Over STOMP every property is a text.
    if (found === undefined || String(found) !== String(value))
      return `the property ${name} is ${JSON.stringify(found)}, not ${JSON.stringify(value)}`;
  }
  return undefined;
}
