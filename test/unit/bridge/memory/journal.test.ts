import { expect, it } from "vitest";
import { Journal } from "../../../../src/bridge/memory/journal.ts";
import type { ReceivedMessage } from "../../../../src/messaging/messages/received-message.ts";

const message = (id: string, brokerMessageId = id) =>
  ({ id, brokerMessageId, destination: "queue://a" }) as unknown as ReceivedMessage;

it("a message is found by each of its ids, with everything that became of it in order", () => {
  const journal = new Journal();
  const copy = { key: "at-target", firstId: "first", destination: "queue://b" };
  journal.note("stays", message("own", "broker"), { reason: "why" });
  journal.note("forwarded", message("own", "broker"), { copy });
  journal.note("forwarded", message("other"));
  for (const id of ["own", "broker"])
    expect(journal.find(id).map(({ outcome }) => outcome)).toEqual(["stays", "forwarded"]);
  for (const id of ["at-target", "first"])
    expect(journal.find(id)).toMatchObject([{ outcome: "forwarded", source: "queue://a", destination: "queue://b" }]);
  expect(journal.find("nobody")).toEqual([]);
});

it("the last 10,000 messages are remembered, and no more", () => {
  const journal = new Journal();
  for (let n = 0; n < 10_005; n += 1) journal.note("forwarded", message(`${n}`));
  expect([4, 5, 10_004].map((n) => journal.find(`${n}`).length)).toEqual([0, 1, 1]);
});
