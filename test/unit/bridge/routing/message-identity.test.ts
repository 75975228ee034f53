import { expect, it } from "vitest";
import { idAtTarget, identityOf } from "../../../../src/bridge/routing/message-identity.ts";

it("a message is known by its duplicate id, else by what the broker or a JMS client calls it, else not at all", () => {
  expect(identityOf({ id: "dup", brokerMessageId: "ID:x" }, "amqp")).toBe("dup");
  expect(identityOf({ id: "dup", brokerMessageId: undefined }, "amqp")).toBe("dup");
  expect(identityOf({ id: "ID:x-1", brokerMessageId: "ID:x-1" }, "amqp")).toBe("ID:x-1");
  expect(identityOf({ id: "order-5", brokerMessageId: "order-5" }, "amqp")).toBeUndefined();
  expect(identityOf({ id: "17", brokerMessageId: "17" }, "stomp")).toBe("17");
  expect(identityOf({ id: undefined, brokerMessageId: undefined }, "stomp")).toBeUndefined();
});

it("the id at the target differs by group, link, destination and identity, and is another one at every hop", () => {
  const hop = { group: "north", link: "l", source: "queue://a" };
  const ids = [
    idAtTarget(hop, "x"),
    idAtTarget({ ...hop, group: "south" }, "x"),
    idAtTarget({ ...hop, link: "m" }, "x"),
    idAtTarget({ ...hop, source: "queue://b" }, "x"),
    idAtTarget(hop, idAtTarget(hop, "x")),
    "x",
  ];
  expect(new Set(ids).size).toBe(ids.length);
  expect(idAtTarget(hop, "x")).toBe(ids[0]);
});
