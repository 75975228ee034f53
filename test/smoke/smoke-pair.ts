/** A first look at a pair of real brokers: what is sent before a kill and after it arrives, over both protocols. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../src/index.ts";
import type { Product } from "../brokers/group-contract.ts";
import { otherMember, type RealGroup, startGroup } from "../brokers/real-group.ts";

const MESSAGES = 20;

export function smokePair(product: Product): void {
  describe.sequential(`a pair of ${product}`, () => {
    let group: RealGroup;
    beforeAll(async () => {
      group = await startGroup(product);
    });
    afterAll(() => group?.close());

    it.each(["stomp", "amqp"] as const)(
      "keeps what is confirmed over %s when its active member is killed",
      async (protocol) => {
        const connection = await connect(group.uri(protocol), { credentials: group.credentials });
        const queue = `queue://smoke.${protocol}`;
        const send = (from: number) =>
          Promise.all(Array.from({ length: MESSAGES }, (_, n) => connection.send(queue, { n: from + n })));
        await send(0);
        const active = await group.waitActive();
        const restored = new Promise<{ readonly endpoint: { readonly port: number } }>((resolve) =>
          connection.once("restored", resolve),
        );
        await group.kill(active);
        await send(MESSAGES);
        expect((await restored).endpoint.port).toBe(group.endpoint(otherMember(active), protocol).port);
        const consumer = connection.consume(queue);
        const seen = new Set<number>();
        while (seen.size < 2 * MESSAGES) {
          const delivery = await consumer.receive({ timeoutMs: 20_000 });
          if (!delivery) break;
          seen.add((delivery.message.json() as { readonly n: number }).n);
          await delivery.accept();
        }
        expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 2 * MESSAGES }, (_, n) => n));
        await connection.close();
        await group.start(active);
      },
    );
  });
}
