/** A few hundred clients lose their master at once, and the new one takes its time: all are back, and none makes it worse. */
import { afterEach, describe, expect, it } from "vitest";
import { type Connection, connect } from "../../src/index.ts";
import { type EmbeddedGroup, embeddedGroup } from "../../src/testing/index.ts";
import { freePorts } from "../brokers/free-ports.ts";
import { AcceptLimiter } from "../support/accept-limiter.ts";
import { type DialCounts, DialWatch } from "../support/dial-watch.ts";

/** What comes back in a second: a second's wait for the last, however many there are. */
const FLEET = { clients: 200, acceptsPerSecond: 200 };
/** Few, so that nothing but the queue makes a handshake slow. */
const FEW = { clients: 60, acceptsPerSecond: 40 };
/** Long against the bucket of 100 ms in which the peak is counted, and long enough for the spread fleet's rate to be below the limit. */
const SPREAD_MS = 2_000;

let close: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const each of close.reverse()) await each();
  close = [];
});

describe("a fleet that loses its master", () => {
  it("comes back through a slow master, each client with one connect, however long its handshake takes", async () => {
    const { counts, served } = await failOver("stomp", "attemptTimeout=60000", FLEET);
    expect(counts.twice).toBe(0);
    expect(counts.connects).toBe(FLEET.clients);
    expect(served).toBe(FLEET.clients);
  });

  it("comes back although the queue is longer than attemptTimeout, and dials nobody twice at a time", async () => {
    // 1.5 s for all: the last are due after three of these.
    const { counts, served } = await failOver("amqp", "attemptTimeout=500", FEW);
    expect(counts.twice).toBe(0);
    // Whoever gives up leaves a dead entry in the queue, which is served like any other.
    expect(served).toBeGreaterThan(FEW.clients);
    expect(counts.connects).toBeGreaterThanOrEqual(served);
  });

  it("is spread by reconnectSpread: no 100 ms see more than a few times their share", async () => {
    const { counts } = await failOver("stomp", `reconnectSpread=${SPREAD_MS}`, FLEET);
    expect(counts.twice).toBe(0);
    expect(counts.connects).toBe(FLEET.clients);
    // Two dials a client, and a third where the round began before the takeover: without a spread there are dozens.
    expect(counts.dials).toBeLessThan(5 * FLEET.clients);
    const share = (FLEET.clients * 100) / SPREAD_MS;
    expect(Math.max(...counts.buckets.map(([, count]) => count))).toBeLessThan(4 * share);
  });
});

/** Resolves when every client is back; with what they dialled since the crash. */
async function failOver(
  protocol: "stomp" | "amqp",
  query: string,
  { clients: count, acceptsPerSecond }: typeof FLEET,
): Promise<{ counts: DialCounts; served: number }> {
  const group = await embeddedGroup({ inProcess: true, protocols: [protocol] });
  close.push(() => group.close());
  const { uri, limiter, watch } = await limited(group, { protocol, query, acceptsPerSecond });
  const clients = await Promise.all(Array.from({ length: count }, (_, client) => watch.in(client, () => connect(uri))));
  close.push(async () => void (await Promise.all(clients.map((client) => client.close()))));
  watch.reset();
  const back = Promise.all(clients.map(restored));
  await group.crash();
  await group.takeover();
  await limiter.listen();
  await back;
  return { counts: watch.counts, served: limiter.served };
}

async function limited(
  group: EmbeddedGroup,
  { protocol, query, acceptsPerSecond }: { protocol: "stomp" | "amqp"; query: string; acceptsPerSecond: number },
) {
  const [first, second] = group.endpoints(protocol);
  const [port = 0] = await freePorts(1);
  if (!first || !second) throw new Error("The group has two members");
  const limiter = new AcceptLimiter(second, acceptsPerSecond, port);
  const watch = new DialWatch(port);
  close.push(async () => watch.end());
  close.push(() => limiter.close());
  return {
    uri: `masterslave:(${protocol}://127.0.0.1:${first.port},${protocol}://127.0.0.1:${port})?${query}`,
    limiter,
    watch,
  };
}

function restored(connection: Connection): Promise<unknown> {
  return new Promise((resolve) => connection.once("restored", resolve));
}
