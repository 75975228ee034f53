import { describe, expect, it } from "vitest";
import type { ReceivedMessage } from "../../../../src/messaging/messages/received-message.ts";
import { Ledger } from "../../../../src/testing/rehearsal/ledger.ts";
import { toyMessage } from "../../../support/toy-messaging-session.ts";

/** A message as it arrives: the send's number, and how the broker knows this copy. */
function arrival(n: number, brokerMessageId?: string, redelivered = false) {
  const message = toyMessage("x", `send-${n}`, { brokerMessageId, properties: { n } });
  return { message, redelivered };
}

/** The book of sends that were all confirmed, and of what arrived. */
function bookOf(
  sends: number,
  arrivals: readonly { message: ReceivedMessage; redelivered: boolean }[],
  undisturbed = false,
): Ledger {
  const ledger = new Ledger({ undisturbed });
  for (let left = sends; left > 0; left--) ledger.confirmed(ledger.next());
  for (const each of arrivals) ledger.received(each);
  return ledger;
}

describe("the ledger", () => {
  it("finds nothing where everything arrived once and in order", () => {
    const ledger = bookOf(3, [arrival(1), arrival(2), arrival(3)]);
    expect(ledger.complete).toBe(true);
    expect(ledger.findings()).toEqual({
      sent: 3,
      confirmed: 3,
      rejected: 0,
      unresolved: 0,
      received: 3,
      lost: [],
      redelivered: 0,
      storedTwice: [],
      outOfOrder: 0,
      late: 0,
      displaced: [],
    });
  });

  it("finds a confirmed send that never arrived", () => {
    const ledger = bookOf(3, [arrival(1), arrival(3)]);
    expect(ledger.complete).toBe(false);
    expect(ledger.findings().lost).toEqual([2]);
  });

  it("does not miss what was never confirmed, and counts it as rejected or unresolved", () => {
    const ledger = bookOf(1, [arrival(1)]);
    ledger.next();
    ledger.rejected(new Error("refused"));
    ledger.next();
    expect(ledger.findings()).toMatchObject({ sent: 3, rejected: 1, unresolved: 1, lost: [] });
    expect(ledger.rejections).toHaveLength(1);
  });

  it("finds a first arrival after that of a later send, and takes no redelivery for one", () => {
    expect(bookOf(3, [arrival(1), arrival(3), arrival(2)]).findings().outOfOrder).toBe(1);
    const again = bookOf(3, [arrival(1), arrival(2), arrival(1), arrival(2), arrival(3)]).findings();
    expect(again).toMatchObject({ outOfOrder: 0, redelivered: 2 });
  });

  it("tells what was late because an ended session had it from what the queue had in the wrong order", () => {
    const findings = bookOf(4, [arrival(1), arrival(4), arrival(2, undefined, true), arrival(3)]).findings();
    expect(findings).toMatchObject({ outOfOrder: 2, late: 1, displaced: [{ n: 3, after: 4 }] });
  });

  it("tells a second copy from a redelivery by the broker's id", () => {
    const findings = bookOf(1, [arrival(1, "ID:a:1"), arrival(1, "ID:a:1"), arrival(1, "ID:b:1")]).findings();
    expect(findings.storedTwice).toEqual([{ id: "send-1", twins: ["ID:a:1", "ID:b:1"] }]);
    expect(findings.redelivered).toBe(1);
  });

  it("takes whatever comes twice for a copy where the queue is read once", () => {
    const findings = bookOf(1, [arrival(1), arrival(1)], true).findings();
    expect(findings).toMatchObject({ storedTwice: [{ id: "send-1", twins: ["copy 1", "copy 2"] }], redelivered: 0 });
  });
});
