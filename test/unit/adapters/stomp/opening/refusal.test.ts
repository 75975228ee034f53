import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { redactingCredentials } from "../../../../../src/adapters/shared/redact-credentials.ts";
import {
  type BrokerRefusal,
  readRefusal,
  saysClientIdInUse,
  saysInUse,
  saysOfAck,
  saysOfSession,
  saysOfSubscribe,
  saysTooLarge,
} from "../../../../../src/adapters/stomp/opening/refusal.ts";
import { refusedMembers } from "../../../../../src/adapters/stomp/sending/refused-members.ts";
import { saysNoRoom } from "../../../../../src/adapters/stomp/sending/sends.ts";
import { TestSend } from "../messaging-steps.ts";

const NOTHING = Buffer.alloc(0);

describe.each(["a", "is", "full", "Client", "339011"])(
  "with the secret %s, which is a part of what brokers say,",
  (password) => {
    const redact = redactingCredentials({ username: "user", password });
    it.each<[string, (refusal: BrokerRefusal) => boolean]>([
      ["Persistent store is Full, 100% of 1024. Stopping producer", saysNoRoom],
      ["AMQ339011 Error sending message", saysNoRoom],
      ["Maximum data length was exceeded", saysTooLarge],
      ["Unexpected ACK received for message-id [m]", saysOfAck],
      ["Durable consumer is in use for client: x", saysInUse],
      ["Broker: a - Client: me already connected from tcp://b", saysClientIdInUse],
      ["AMQ229014 Did not receive data, disconnected by server", saysOfSession],
      ["Invalid selector: a full one", saysOfSubscribe],
    ])("the refusal %j is of the same kind as with any other secret", (message, isKind) => {
      const refusal = readRefusal({ message }, NOTHING, redact);
      expect(isKind(refusal)).toBe(true);
      const shown = inspect(refusal, { depth: 5, showHidden: true });
      if (message.includes(password)) expect(shown).not.toContain(message);
    });

    it("the member that the broker names is found all the same", () => {
      const members = [new TestSend("x", { id: "full-is-a" }), new TestSend("y", { id: "y" })];
      const body = Buffer.from("AMQ339011 Error sending message CoreMessage[_AMQ_DUPL_ID=full-is-a]");
      const { asSaid } = readRefusal({ message: "AMQ339011" }, body, redact);
      expect(refusedMembers(asSaid(), members)).toEqual([members[0]]);
    });
  },
);
