import { expect, it } from "vitest";
import { InFlightBudget } from "../../../../src/bridge/forwarding/budget.ts";
import { Gate } from "../../../../src/bridge/forwarding/gate.ts";
import { Intake } from "../../../../src/bridge/link/intake.ts";
import type { OpenGroup } from "../../../../src/bridge/link/open-group.ts";
import { parsePattern } from "../../../../src/bridge/routing/pattern.ts";
import { type ReceivedContent, ReceivedMessage } from "../../../../src/messaging/messages/received-message.ts";

it("messages of long properties and no body fill the budget of bytes: no more of them are taken than fit", async () => {
  const content = { body: Buffer.alloc(0), kind: "bytes", properties: { note: "x".repeat(4_000) } };
  const message = new ReceivedMessage(content as unknown as ReceivedContent);
  const consumer = {
    ready: Promise.resolve(),
    next: async () => ({ done: false, value: { message, origin: { holds: () => true } } }),
    close: async () => {},
  };
  let taken = 0;
  const intake = new Intake({
    source: {
      connection: { broker: { product: "activemq" }, consume: () => consumer, on: () => {} },
    } as unknown as OpenGroup,
    listed: [],
    isRouted: () => true,
    concurrency: 1,
    optionsOf: () => ({}),
    budget: new InFlightBudget({ maxCount: 1_000, maxBytes: 10_000 }),
    gate: new Gate(),
    // Ends the loop where the budget does not.
    limit: 100,
    forward: async () => {
      taken += 1;
    },
    onRefused: () => {},
    longestWaitMs: undefined,
    onLeft: () => {},
  });
  intake.take([{ pattern: parsePattern("queue://a"), returns: false }]);
  await intake.start();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(taken).toBe(2);
  await intake.close();
});
