/** ERRORs of Artemis while a transaction of sends is unanswered: whom they blame, and that they confirm nothing. */
import { describe, expect, it } from "vitest";
import { SendRejectedError } from "../../../../../src/errors/errors.ts";
import { lossOf, settled, TestConsumer, TestSend } from "../messaging-steps.ts";
import { errorFrame, frameOf, outcomesOf, proven, receiptFor, sendAll, sendInDoubt } from "../transacted-steps.ts";

/** A session whose first COMMIT is unanswered. */
async function committing(letters = "abc") {
  const { session, peer } = await proven();
  const sends = sendAll(session, letters);
  const commit = await frameOf(peer, "COMMIT@1?");
  return { session, peer, sends, commit };
}

/** What Artemis 2.55.0 says of a message for which an address has no room; a property of the message may quote other ids. */
function noRoomFor(...ids: string[]): string {
  const properties = ids.map((id) => `_AMQ_DUPL_ID=${id}`).join(", quoted=");
  return `AMQ339011 Error sending message CoreMessage[messageID=48,address=orders,properties=TypedProperties[${properties}]]`;
}

describe("an ERROR that names no receipt while a transaction is unanswered", () => {
  it.each(["together with it", "before it"])(
    "ends the session and confirms nothing, though a RECEIPT for COMMIT comes %s",
    async (how) => {
      const { session, peer, sends, commit } = await committing();
      const error = errorFrame("AMQ339001 Error encountered");
      if (how === "before it") peer.write(error, receiptFor(commit));
      else peer.write(error + receiptFor(commit));
      expect(await lossOf(session)).toMatchObject({
        code: "SESSION_LOST",
        message: expect.stringMatching(/AMQ339001/),
      });
      await settled();
      expect(outcomesOf(sends)).toBe("- - -");
    },
  );

  it("ends the session without an outcome for what is written behind the COMMIT", async () => {
    const { session, peer, sends } = await committing();
    sends.push(...sendAll(session, "d"));
    await frameOf(peer, "d@2");
    peer.write(errorFrame("AMQ339001 Error encountered"));
    await lossOf(session);
    await settled();
    expect(outcomesOf(sends)).toBe("- - - -");
  });

  it("ends the session and confirms nothing when it names COMMIT", async () => {
    const { session, peer, sends, commit } = await committing();
    peer.write(errorFrame("AMQ339013 Error committing", commit));
    expect(await lossOf(session)).toMatchObject({ code: "SESSION_LOST" });
    await settled();
    expect(outcomesOf(sends)).toBe("- - -");
  });
});

describe("an ERROR that prints the message it is about", () => {
  const idOf = (send: TestSend | undefined) => send?.message.id ?? "";

  it("rejects the member with that id as one for which there is no room, and no other", async () => {
    const { session, peer, sends, commit } = await committing();
    const text = noRoomFor(idOf(sends[1]));
    peer.write(errorFrame(text) + receiptFor(commit));
    await lossOf(session);
    await settled();
    expect(outcomesOf(sends)).toBe("- failed -");
    const outcome = sends[1]?.outcomes[0];
    const error = outcome?.kind === "failed" ? outcome.error : undefined;
    expect(error).toBeInstanceOf(SendRejectedError);
    expect(error).toMatchObject({ code: "SEND_REJECTED", retryable: true, id: idOf(sends[1]), inDoubt: false });
    expect(error?.message).toMatch(/refused message .* to queue:\/\/orders: AMQ339011 .*There is no room for it/);
  });

  it("rejects a member that is written behind the COMMIT", async () => {
    const { session, peer, sends } = await committing("a");
    sends.push(...sendAll(session, "bc"));
    await frameOf(peer, "c@2");
    peer.write(errorFrame(noRoomFor(idOf(sends[2]))));
    await lossOf(session);
    await settled();
    expect(outcomesOf(sends)).toBe("- - failed");
  });

  it("rejects the member whose id it shows twice", async () => {
    const { session, peer, sends } = await committing();
    peer.write(errorFrame(noRoomFor(idOf(sends[0]), idOf(sends[0]))));
    await lossOf(session);
    expect(outcomesOf(sends)).toBe("failed - -");
  });

  it("rejects the member whose id comes after a long property", async () => {
    const { session, peer, sends } = await committing();
    const text = noRoomFor(idOf(sends[2])).replace("[_AMQ", `[note=${"x".repeat(1_000)}, _AMQ`);
    peer.write(errorFrame(text));
    await lossOf(session);
    expect(outcomesOf(sends)).toBe("- - failed");
  });

  it("blames nobody when it shows two different ids", async () => {
    const { session, peer, sends } = await committing();
    peer.write(errorFrame(noRoomFor(idOf(sends[0]), idOf(sends[1]))));
    expect(await lossOf(session)).toMatchObject({ code: "SESSION_LOST" });
    await settled();
    expect(outcomesOf(sends)).toBe("- - -");
  });

  it("blames nobody when the id is that of no unanswered member", async () => {
    const { session, peer, sends, commit } = await committing("a");
    peer.receipt(commit);
    await sends[0]?.outcome;
    sends.push(...sendAll(session, "b"));
    await frameOf(peer, "COMMIT@2?");
    peer.write(errorFrame(noRoomFor(idOf(sends[0]))));
    await lossOf(session);
    await settled();
    expect(outcomesOf(sends)).toBe("confirmed -");
  });
});

describe("an ERROR about a send that prints no message", () => {
  it.each(["SEND", "CREATE_ADDRESS"])(
    "rejects all members to the address that it has no permission='%s' for",
    async (permission) => {
      const { session, peer } = await proven();
      const sends = ["queue://secret", "queue://orders", "topic://secret"].map((to) => new TestSend("x", {}, to));
      for (const send of sends) session.send(send);
      const commit = await frameOf(peer, "COMMIT@1?");
      const text = `AMQ229032 User: joe does not have permission='${permission}' on address secret`;
      peer.write(errorFrame(text) + receiptFor(commit));
      await lossOf(session);
      await settled();
      expect(outcomesOf(sends)).toBe("failed - failed");
      expect(sends[0]?.outcomes[0]).toMatchObject({ error: { code: "SEND_REJECTED", retryable: false } });
    },
  );

  it.each(["AMQ339011 Error sending message", "AMQ339031 Error handling send"])(
    "rejects the only member that is unanswered when it says %s",
    async (text) => {
      const { session, peer, sends } = await committing("a");
      peer.write(errorFrame(text));
      await lossOf(session);
      expect(outcomesOf(sends)).toBe("failed");
    },
  );

  it("blames nobody when two members are unanswered, of which one is behind the COMMIT", async () => {
    const { session, peer, sends } = await committing("a");
    sends.push(...sendAll(session, "b"));
    await frameOf(peer, "b@2");
    peer.write(errorFrame("AMQ339011 Error sending message"));
    await lossOf(session);
    await settled();
    expect(outcomesOf(sends)).toBe("- -");
  });
});

describe("a SUBSCRIBE that Artemis refuses without naming it", () => {
  const ABOUT_ANYTHING = "AMQ339001 Error encountered";

  /** A COMMIT and a SUBSCRIBE are unanswered. */
  async function subscribing() {
    const { session, peer, sends } = await committing("a");
    const consumer = new TestConsumer(session);
    await frameOf(peer, "SUBSCRIBE?");
    return { session, peer, sends, consumer };
  }

  it.each([
    "AMQ229020 Invalid filter: x y",
    "Error creating subscription: the selector is not valid",
    "AMQ229213 User: joe does not have permission='CONSUME' for queue orders on address orders",
  ])("is refused although a transaction is unanswered, for %s can be about nothing else", async (text) => {
    const { session, peer, sends, consumer } = await subscribing();
    peer.write(errorFrame(text));
    await consumer.until(() => consumer.refusals.length > 0);
    await lossOf(session);
    await settled();
    expect([consumer.refusals.length, outcomesOf(sends)]).toEqual([1, "-"]);
  });

  it("blames nobody when the text may as well be about a member of a transaction that is unanswered", async () => {
    const { session, peer, sends, consumer } = await subscribing();
    peer.write(errorFrame(ABOUT_ANYTHING));
    expect(await lossOf(session)).toMatchObject({ message: expect.stringMatching(/without saying of what/) });
    await settled();
    expect([consumer.refusals.length, outcomesOf(sends)]).toEqual([0, "-"]);
  });

  it("is refused whatever the text says when no transaction is unanswered", async () => {
    const { session, peer } = await proven();
    const send = sendInDoubt(session, "a");
    await frameOf(peer, "a?");
    const consumer = new TestConsumer(session);
    await frameOf(peer, "SUBSCRIBE?");
    peer.write(errorFrame(ABOUT_ANYTHING));
    await consumer.until(() => consumer.refusals.length > 0);
    await lossOf(session);
    expect([consumer.refusals.length, outcomesOf([send])]).toEqual([1, "-"]);
  });
});
