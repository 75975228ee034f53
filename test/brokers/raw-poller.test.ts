/** The yardstick itself: it must find the new active member, and its message must really be stored. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FirstConfirmation, pollFirstConfirmation } from "./raw-poller.ts";
import { otherMember, type Product, type Protocol, type RealGroup, startGroup } from "./real-group.ts";
import { connectFrame } from "./stomp-probe.ts";

const PRODUCTS: readonly Product[] = ["classic", "artemis"];
const PROTOCOLS: readonly Protocol[] = ["stomp", "amqp"];

describe.each(PRODUCTS)("the bare poller on a real %s group", (product) => {
  let group: RealGroup;

  beforeAll(async () => {
    group = await startGroup(product);
  }, 600_000);

  afterAll(async () => {
    await group?.close();
  });

  it.each(PROTOCOLS)(
    "is confirmed by the next active member after a kill, over %s, and the message outlives another kill",
    async (protocol) => {
      const destination = `poller.${protocol}`;
      const active = await group.waitActive();
      const next = otherMember(active);
      const killedAtMs = performance.now();
      const killed = group.kill(active);
      const first = await poll(group, next, protocol, destination);
      await killed;
      const openMs = Math.round(first.portOpenAtMs - killedAtMs);
      const confirmedMs = Math.round(first.confirmedAtMs - killedAtMs);
      console.error(
        `[brokers] ${product} ${protocol}: port open ${openMs} ms, confirmed ${confirmedMs} ms after the kill, ${first.tries} tries`,
      );
      expect(first.tries).toBeGreaterThan(1);
      expect(confirmedMs).toBeGreaterThanOrEqual(openMs);
      await group.start(active);
      await group.kill(next);
      expect(await group.waitActive()).toBe(active);
      await group.start(next);
      const messages = await drain(group, active, destination);
      expect(messages).toHaveLength(1);
      expect(messages[0]).toContain("x".repeat(1_024));
    },
    60_000,
  );

  it.each(PROTOCOLS)(
    "reports the last try's failure when it is aborted, over %s",
    async (protocol) => {
      const active = await group.waitActive();
      const signal = AbortSignal.timeout(500);
      const credentials = { username: "app", password: "wrong" };
      const endpoint = group.endpoint(active, protocol);
      const polling = pollFirstConfirmation({
        protocol,
        product,
        endpoint,
        credentials,
        destination: "poller.never",
        signal,
      });
      await expect(polling).rejects.toThrow(
        /Polling ended without a confirmation; the last try: Error: The broker (answered|closed)/,
      );
    },
    60_000,
  );
});

function poll(
  group: RealGroup,
  member: "a" | "b",
  protocol: Protocol,
  destination: string,
): Promise<FirstConfirmation> {
  const { product, credentials } = group;
  const endpoint = group.endpoint(member, protocol);
  return pollFirstConfirmation({
    protocol,
    product,
    endpoint,
    credentials,
    destination,
    signal: AbortSignal.timeout(30_000),
  });
}

/** What a STOMP consumer is given of a queue until half a second passes without a message. */
function drain(group: RealGroup, member: "a" | "b", queue: string): Promise<string[]> {
  const { host, port } = group.endpoint(member, "stomp");
  const where = group.product === "classic" ? `/queue/${queue}` : `${queue}\nsubscription-type:ANYCAST`;
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    let received = "";
    socket.on("error", reject);
    socket.on("connect", () =>
      socket.write(`${connectFrame(group.credentials)}SUBSCRIBE\nid:0\nack:auto\ndestination:${where}\n\n\0`),
    );
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
    });
    socket.setTimeout(500, () => {
      socket.destroy();
      resolve(received.split("\0").filter((frame) => frame.trimStart().startsWith("MESSAGE")));
    });
  });
}
