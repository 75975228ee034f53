import { expect, it } from "vitest";
import { readRefusal } from "../../../../src/bridge/forwarding/refusal.ts";
import {
  ConnectionClosedError,
  InvalidArgumentError,
  MessageTooLargeError,
  PoisonSendError,
  SendExpiredError,
  SendNotStoredError,
  SendRejectedError,
} from "../../../../src/errors/errors.ts";

const rejected = (text: string) => readRefusal(new SendRejectedError(text, { id: "1" }));

it("a refusal for what the message is makes it a dead letter", () => {
  expect(readRefusal(new MessageTooLargeError("m", { id: "1" }))).toMatchObject({ kind: "poison" });
  expect(readRefusal(new InvalidArgumentError("m"))).toMatchObject({ kind: "poison" });
  expect(readRefusal(new PoisonSendError("m", { id: "1" }))).toMatchObject({ kind: "poison" });
  expect(rejected("refused: amqp:link:message-size-exceeded")).toMatchObject({ kind: "poison" });
});

it("a refusal for who we are or where it goes holds the link, whichever broker says so", () => {
  const cases = {
    TARGET_UNAUTHORIZED: [
      "amqp:unauthorized-access",
      "User app is not authorized to write to: queue://a",
      "AMQ229032: User: x does not have permission='SEND'",
    ],
    TARGET_MISSING: ["amqp:not-found", "AMQ229017: Queue a does not exist"],
    TARGET_FULL: ["amqp:resource-limit-exceeded", "Usage Manager Memory Limit reached", "AMQ229102: Address x is full"],
  };
  for (const [code, texts] of Object.entries(cases))
    for (const text of texts)
      expect([text, rejected(text)]).toEqual([text, expect.objectContaining({ kind: "hold", code })]);
  expect(readRefusal(new SendNotStoredError("released", { id: "1" }))).toMatchObject({ kind: "hold" });
});

it("a destination whose name has such a word in it does not decide", () => {
  expect(rejected("queue://is.full.permission on amqp://a:1 refused it")).toMatchObject({ kind: "unknown" });
});

it("a closed connection leaves the message with the source, and an expired one is over", () => {
  expect(readRefusal(new ConnectionClosedError("m"))).toMatchObject({ kind: "closed" });
  expect(readRefusal(new SendExpiredError("m", { id: "1" }))).toMatchObject({ kind: "expired" });
});
