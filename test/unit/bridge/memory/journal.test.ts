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

it("ids of any length are remembered in 512 characters at most each, and are found by the whole id", () => {
  const journal = new Journal();
  const long = (name: string) => name.repeat(100_000);
  const copy = { key: long("k"), firstId: long("f"), destination: `queue://${long("d")}` };
  journal.note("dead-lettered", message(long("i"), long("b")), { copy, reason: long("r") });
  for (const name of ["k", "f", "i", "b"]) {
    expect(journal.find(long(name)).length).toBe(1);
    expect(journal.find(`${long(name)}x`)).toEqual([]);
  }
  const [entry] = journal.find(long("i"));
  for (const text of [entry?.id, entry?.brokerMessageId, entry?.firstId, entry?.targetId, entry?.destination])
    expect(text?.length).toBeLessThanOrEqual(512);
  expect(entry?.reason?.length).toBe(1_000);
  // The id that a trace shows leads to the message too.
  expect(journal.find(entry?.id ?? "").length).toBe(1);
});
