import { expect, it } from "vitest";
import { type ComposeRules, compose } from "../../../../src/bridge/forwarding/compose.ts";
import { routeOf } from "../../../../src/bridge/routing/route.ts";
import { ReceivedMessage } from "../../../../src/messaging/messages/received-message.ts";

const rules: ComposeRules = {
  link: "events",
  route: routeOf({ include: ["topic://events", "queue://orders"] }),
  path: { from: "south", to: "west", maxHops: 4 },
  headers: undefined,
  protocol: "stomp",
  targetProtocol: "stomp",
  convert: undefined,
};

function firstIdOf(destination: string, properties: Record<string, string>) {
  const message = new ReceivedMessage({
    ...{ id: "ID:own", brokerMessageId: "ID:own", destination, replyTo: undefined, correlationId: undefined },
    ...{ type: undefined, expiresAtMs: undefined, sentAtMs: undefined, userId: undefined, groupId: undefined },
    ...{ groupSequence: undefined, contentType: undefined, persistent: true, priority: undefined, kind: "text" },
    ...{ properties, body: Buffer.from("x"), brokerProperties: {} },
  } as ConstructorParameters<typeof ReceivedMessage>[0]);
  const composed = compose(message, rules);
  return composed.kind === "forward" ? composed.firstId : composed.kind;
}

it("the first id of a published message is believed where a path says that it came through a group", () => {
  const copied = { MasterslaveFirstId: "ID:order-1" };
  expect(firstIdOf("topic://events", copied)).toBe("ID:own");
  expect(firstIdOf("topic://events", { ...copied, MasterslavePath: "|north|" })).toBe("ID:order-1");
  expect(firstIdOf("topic://events", { ...copied, MasterslaveFirstId: "x".repeat(513) })).toBe("ID:own");
});

it("a message of a queue that was given back keeps the id that it is traced by", () => {
  expect(firstIdOf("queue://orders", { MasterslaveFirstId: "ID:order-1" })).toBe("ID:order-1");
});
