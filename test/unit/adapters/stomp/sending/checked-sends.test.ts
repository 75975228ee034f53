/** Sends that are checked together, one of them to a destination that has become full. */
import { expect, it } from "vitest";
import { openStompSession } from "../../../../../src/adapters/stomp/open-session.ts";
import { settled, TestSend } from "../messaging-steps.ts";
import { ARTEMIS, SETTINGS, StompPeer } from "../stomp-peer.ts";
import { answer, errorFrame, outcomesOf } from "../transacted-steps.ts";

it("a send to another destination is confirmed in the end though one that is checked with it fills up", async () => {
  const open = openStompSession({ ...SETTINGS, heartbeatMs: 0 });
  const a = Object.assign(new TestSend("a", {}, "queue://full"), { inDoubt: true });
  const b = Object.assign(new TestSend("b", {}, "queue://empty"), { inDoubt: true });
  for (let round = 0; round < 6 && b.outcomes.length === 0; round++) {
    const peer = await StompPeer.greeting(ARTEMIS, "1.2", "0,0");
    try {
      const session = await open(peer.endpoint, { signal: AbortSignal.timeout(5000), turn: async () => {} });
      const { connection } = peer;
      for (const send of [a, b]) if (send.outcomes.length === 0) session.send(send);
      if (a.outcomes.length === 0) await answer(connection, "a?");
      await answer(connection, "b?");
      // a was stored before (the second copy is dropped), and the address has been full since.
      await settled();
      await settled();
      const refused = connection.frames.find(
        ({ command, headers }) => command === "SEND" && headers["destination"] === "full" && headers["transaction"],
      );
      if (refused) {
        connection.write(errorFrame("AMQ339011 Error sending message", refused));
        await session.ended;
      } else await connection.passBarrier();
      await settled();
    } finally {
      await peer[Symbol.asyncDispose]();
    }
  }
  expect(outcomesOf([a, b])).toBe("confirmed confirmed");
});
