/**
 * The mistakes of published configurations, each made once on real brokers. The codes are explained in
 * docs/topology-findings.md.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { APP_CREDENTIALS } from "../../brokers/group-contract.ts";
import type { Mistake } from "./mistake.ts";
import { brokerAndPair, onArtemis, pairAndBroker, threeBrokers, twoBrokers } from "./networks.ts";
import { allUp, countFor, send, until } from "./watching.ts";

const COUNT = 20;
/** The lines that Classic logs about a connector that it tries to open. */
const ABOUT_LINKS = /Network connection|Establishing network|itself|loop|Could not|refused|same broker|Disconnect/i;
const FAST = "useExponentialBackOff=false&initialReconnectDelay=200";

const LIVE: readonly Mistake[] = [
  {
    code: "RANDOM_BROKER_ID",
    setting: "A pair A without a brokerId and a broker B, connected both ways with networkTTL 2",
    network: pairAndBroker([{ from: "A", to: "B", duplex: true, networkTTL: 2 }], { brokerId: "random" }),
    async watch({ lab, logLines }) {
      await until(lab, allUp);
      const queue = "queue://drawn";
      const ready = () => send(lab, "A", queue, COUNT);
      const drawn = await countFor(lab, "B", queue, { ms: 20_000, enough: COUNT, accept: false, ready });
      await lab.killHost("h1");
      await until(lab, ({ members }) => members["a2"] === "active");
      const back = await countFor(lab, "A", queue, { ms: 15_000, enough: COUNT });
      return {
        what: `${drawn} messages of A were waiting at B when A was taken over by its other member: ${back} of them came back to A, which did not know them as its own.`,
        log: await logLines("a2", /Network connection between|slave mode/, 3),
      };
    },
  },
  {
    code: "SLOW_RECONNECT",
    setting: "A broker A with a connector to a pair B, without options; both members of B are down for 20 s",
    network: brokerAndPair([{ from: "A", to: "B", reconnect: "exponential" }]),
    async watch({ lab, logLines }) {
      await until(lab, allUp);
      await Promise.all([lab.killMember("b1"), lab.killMember("b2")]);
      await sleep(20_000);
      await lab.startMember("b2");
      const blind = await until(lab, allUp);
      return {
        what: `The connector was there again ${(blind / 1000).toFixed(1)} s after B was.`,
        log: spread(await logLines("a1", /Network connection between|Could not|Establishing network/, 50)),
      };
    },
  },
  {
    code: "OWN_GROUP",
    setting: "Both members of a pair with masterslave: over the pair itself",
    network: pairAndBroker([{ from: "A", to: "A", uri: `masterslave:(tcp://{a1},tcp://{a2})?${FAST}` }]),
    async watch({ logLines }) {
      await sleep(6_000);
      const log = await logLines("a1", ABOUT_LINKS, 200);
      return {
        what: `No connector came about. Lines about it in the log of the active member after 6 s: ${log.length}.`,
        log: spread(log),
      };
    },
  },
  {
    code: "ADVISORIES_OFF",
    setting: 'Two brokers with advisorySupport="false", connected from A to B',
    network: twoBrokers([{ from: "A", to: "B" }], { advisorySupport: false }, { advisorySupport: false }),
    async watch({ lab, logLines }) {
      const queue = "queue://unseen";
      const ready = () => send(lab, "A", queue, COUNT);
      const arrived = await countFor(lab, "B", queue, { ms: 8_000, enough: COUNT, ready });
      return {
        what: `${COUNT} messages were sent to A while a consumer waited at B: ${arrived} of them arrived within 8 s.`,
        log: await logLines("a1", /advis|Network connection between/i, 3),
      };
    },
  },
  {
    code: "BIND_ADDRESS_AS_TARGET",
    setting: "A connector to tcp://0.0.0.0 with the port of the broker itself",
    network: twoBrokers([{ from: "A", uri: `static:(tcp://0.0.0.0:{a1.port})?${FAST}` }]),
    async watch({ logLines }) {
      await sleep(5_000);
      const log = await logLines("a1", ABOUT_LINKS, 200);
      return {
        what: `No connector came about. Lines about it in the log after 5 s: ${log.length}.`,
        log: spread(log),
      };
    },
  },
  {
    code: "DUPLEX_BOTH_ENDS",
    setting: 'duplex="true" at both ends',
    network: twoBrokers([
      { from: "A", to: "B", duplex: true },
      { from: "B", to: "A", duplex: true },
    ]),
    async watch({ lab, logLines }) {
      await until(lab, allUp);
      const topic = "topic://prices";
      const ready = () => send(lab, "A", topic, COUNT);
      const arrived = await countFor(lab, "B", topic, { ms: 8_000, enough: 10 * COUNT, ready });
      return {
        what: `${COUNT} messages were sent to a topic at A: a subscriber at B got ${arrived}. There are two connections each way.`,
        log: await logLines("b1", /Network connection between|duplex|duplicate/i, 4),
      };
    },
  },
  {
    code: "NO_REPLAY_AUDIT",
    setting: 'replayWhenNoConsumers="true" without enableAudit="false", connected both ways',
    network: twoBrokers(
      [{ from: "A", to: "B", duplex: true, networkTTL: 4 }],
      { policies: [{ queue: ">", replayWhenNoConsumers: true }] },
      { policies: [{ queue: ">", replayWhenNoConsumers: true }] },
    ),
    async watch({ lab, logLines }) {
      await until(lab, allUp);
      const queue = "queue://replayed";
      const ready = () => send(lab, "A", queue, COUNT);
      const drawn = await countFor(lab, "B", queue, { ms: 20_000, enough: COUNT, accept: false, ready });
      const back = await countFor(lab, "A", queue, { ms: 10_000, enough: COUNT });
      return {
        what: `${drawn} messages of A went to a consumer at B, which left. A consumer at A then got ${back} of them within 10 s.`,
        log: await logLines("a1", /duplicate|replay|DLQ/i, 3),
      };
    },
  },
  {
    code: "STATIC_TO_PAIR",
    setting: "static: with both addresses of a pair",
    network: brokerAndPair([{ from: "A", uri: `static:(tcp://{b1},tcp://{b2})?${FAST}` }]),
    async watch({ logLines }) {
      await sleep(10_000);
      const log = await logLines("a1", /Could not start/i, 500);
      return {
        what: `In 10 s the log got ${log.length} lines about the standby, which cannot answer.`,
        log: spread(log),
      };
    },
  },
  {
    code: "UNKNOWN_OPTION_DROPS_ORDER",
    setting: "masterslave:(b,c)?randomize=false, to be on the safe side",
    network: brokerAndPair([{ from: "A", uri: `masterslave:(tcp://{b1},tcp://{b2})?${FAST}&randomize=false` }]),
    async watch({ logLines }) {
      await sleep(3_000);
      return {
        what: "The address that the broker connects to has lost ?randomize=false&maxReconnectAttempts=0, which it has otherwise.",
        log: await logLines("a1", /Establishing network/, 1),
      };
    },
  },
  {
    code: "TWO_CONNECTIONS_FOR_ONE_PAIR",
    setting: "Artemis: an amqp-connection to each member of a pair",
    network: onArtemis(
      brokerAndPair([
        { name: "to-b1", from: "A", to: "B", kind: "sender", targets: ["b1"], include: ["queue://orders"] },
        { name: "to-b2", from: "A", to: "B", kind: "sender", targets: ["b2"], include: ["queue://orders"] },
      ]),
    ),
    async watch({ logLines }) {
      await sleep(10_000);
      const log = await logLines("a1", /Retrying|refused/i, 500);
      return {
        what: `In 10 s the log got ${log.length} lines about the backup, which cannot answer.`,
        log: spread(log),
      };
    },
  },
  {
    code: "MIRROR_TO_INDEPENDENT_NODES",
    setting: "Artemis: a mirror with two brokers that share nothing as alternates",
    network: onArtemis(threeBrokers([{ from: "A", kind: "mirror", uri: "tcp://{b1}#tcp://{c1}", ...APP_CREDENTIALS }])),
    async watch({ lab, logLines }) {
      const queue = "queue://mirrored";
      await send(lab, "A", queue, COUNT);
      const first = await countFor(lab, "B", queue, { ms: 10_000, enough: COUNT, accept: false });
      await lab.killMember("b1");
      await send(lab, "A", queue, COUNT);
      await sleep(20_000);
      const copied = await countFor(lab, "C", queue, { ms: 8_000, enough: 2 * COUNT });
      return {
        what: `${COUNT} messages were sent, of which the first mirror had ${first}; it died, and ${COUNT} more were sent: 20 s later the second mirror had ${copied} of the ${2 * COUNT}.`,
        log: spread(await logLines("a1", /Retrying|Success on/, 100)),
      };
    },
  },
];

/** Classic only logs which property it could not set. */
const ROOT_CAUSE = /^Caused by: .*Failed properties/;

/** Brokers that do not start, so that only the log can be observed. */
const DEAD: readonly Mistake[] = [
  {
    code: "BLANK_IN_URI",
    setting: "A blank after the comma in masterslave:(…)",
    network: brokerAndPair([{ from: "A", uri: `masterslave:(tcp://{b1}, tcp://{b2})?${FAST}` }]),
    failure: ROOT_CAUSE,
  },
  {
    code: "NO_SCHEME",
    setting: "masterslave:(tcp://b1,b2) with no scheme at the second address",
    network: brokerAndPair([{ from: "A", uri: `masterslave:(tcp://{b1},{b2})?${FAST}` }]),
    failure: ROOT_CAUSE,
  },
  {
    code: "ONE_URI_IN_MASTERSLAVE",
    setting: "masterslave: with one address",
    network: brokerAndPair([{ from: "A", uri: `masterslave:(tcp://{b1})?${FAST}` }]),
    failure: ROOT_CAUSE,
  },
];

export const MISTAKES: readonly Mistake[] = [...LIVE, ...DEAD];

/** Returns the first line and those unlike it, because logs repeat the same lines again and again. */
function spread(log: readonly string[]): string[] {
  const unlike = (line: string) => line.replace(/\d+/g, "");
  const found = new Map(log.toReversed().map((line) => [unlike(line), line] as const));
  return [...found.values()].toReversed().slice(0, 4);
}
