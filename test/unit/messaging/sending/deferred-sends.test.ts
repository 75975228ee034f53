/** What is held for a full destination: who tries again, in which order, and what is left behind. */
import { describe, expect, it, vi } from "vitest";
import { ConnectionClosedError, SendRejectedError } from "../../../../src/errors/errors.ts";
import { parseDestination } from "../../../../src/messaging/messages/destination.ts";
import { createOutgoingMessage } from "../../../../src/messaging/messages/outgoing-message.ts";
import type { OutgoingSend } from "../../../../src/messaging/port/messaging-session.ts";
import { PendingSends } from "../../../../src/messaging/sending/pending-sends.ts";
import type { SendTarget } from "../../../../src/messaging/sending/send-route.ts";
import { ENDPOINTS, rejectionOf, toyConnected } from "../../../support/toy-connection.ts";
import { turns } from "../../../support/toy-messaging-session.ts";

const MANUAL = { confirms: false };
const full = (id: string) => new SendRejectedError("resource-limit-exceeded", { id, retryable: true });
const gone = (id: string) =>
  new SendRejectedError("ended the link before it said that it is stored", { id, retryable: true, inDoubt: true });
const HOLD = {
  ...({ maxPendingSends: 10, maxPendingBytes: 10_000, inDoubt: "resend", overflow: "wait" } as const),
  ...({ whenInterrupted: "hold", whenFull: "hold" } as const),
} as const;

describe("sends that are held because the broker has no room, with whenFull=hold,", () => {
  it("a confirmation elsewhere does not have the sends to a full destination given all at once", async () => {
    const { connection, session } = await toyConnected({ whenFull: "hold" }, MANUAL);
    connection.send("full", "a").catch(() => {});
    session.refuse("a", full("a"));
    for (const body of ["b", "c"]) connection.send("full", body).catch(() => {});
    const elsewhere = connection.send("empty", "d");
    session.confirm("d");
    await elsewhere;
    await turns();
    expect(session.sent).toEqual(["a", "d"]);
  });

  it("no timer is left when sends are abandoned while one tries for the others", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      const given: OutgoingSend[] = [];
      const target: SendTarget = {
        send: (send) => {
          given.push(send);
          send.onWritten();
        },
      };
      const sends = new PendingSends(HOLD, { target, connected: true, endpoint: ENDPOINTS[0] });
      const add = (body: string) =>
        sends.add(parseDestination("q"), createOutgoingMessage(body), {}).catch(() => "failed");
      const all = [add("a")];
      given[0]?.onOutcome({ kind: "failed", error: full("a") });
      all.push(add("b"), add("c"));
      vi.advanceTimersByTime(150);
      expect(given.map(({ message }) => `${message.body}`)).toEqual(["a", "a"]);
      sends.abandon(new ConnectionClosedError("closed"));
      await Promise.all(all);
      expect(sends.stats).toMatchObject({ pendingSends: 0, deferredSends: 0 });
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("a send that the adapter says is in doubt stays in doubt when it is held", async () => {
    const { connection, session } = await toyConnected({ whenFull: "hold" }, MANUAL);
    const sent = rejectionOf(connection.send("q", "a", { timeoutMs: 60 }));
    session.refuse("a", gone("a"));
    expect(await sent).toMatchObject({ inDoubt: true });
  });

  it("with inDoubt=fail and whenFull=hold, what is in doubt is not sent again", async () => {
    const { connection, session } = await toyConnected({ whenFull: "hold", inDoubt: "fail" }, MANUAL);
    connection.send("q", "a").catch(() => {});
    session.refuse("a", gone("a"));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(session.sent).toEqual(["a"]);
  });

  it("an outcome told of a send whose caller has given up does not bring it back", async () => {
    const { connection, session } = await toyConnected({ whenFull: "hold" }, { ...MANUAL, credit: 0 });
    let kept: OutgoingSend | undefined;
    const { send } = session;
    session.send = (one) => {
      kept ??= one;
      send.call(session, one);
    };
    expect(await rejectionOf(connection.send("q", "a", { timeoutMs: 5 }))).toMatchObject({ inDoubt: false });
    kept?.onOutcome({ kind: "failed", error: full("a") });
    expect(connection.stats()).toMatchObject({ pendingSends: 0, deferredSends: 0, pendingBytes: 0 });
  });

  it("those behind a refused send follow it in order even when it is refused twice", async () => {
    const { connection, session } = await toyConnected({ whenFull: "hold" }, MANUAL);
    connection.send("full", "a").catch(() => {});
    session.refuse("a", full("a"));
    for (const body of ["b", "c"]) connection.send("full", body).catch(() => {});
    while (session.sent.length < 2) await turns();
    session.refuse("a", full("a"));
    while (session.sent.length < 3) await turns();
    session.confirmAll();
    await turns(5);
    expect(session.sent.slice(2)).toEqual(["a", "b", "c"]);
  });
});
