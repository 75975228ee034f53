import { expect, it } from "vitest";
import { messageSize } from "../../../../src/bridge/memory/message-size.ts";
import { type ReceivedContent, ReceivedMessage } from "../../../../src/messaging/messages/received-message.ts";

const sizeOf = (content: Partial<ReceivedContent>) =>
  messageSize(
    new ReceivedMessage({ body: Buffer.alloc(0), kind: "bytes", properties: {}, ...content } as ReceivedContent),
  );

it("a message with an empty body and long properties is as large as those", () => {
  expect(sizeOf({ body: Buffer.alloc(1_000) })).toBe(1_000);
  expect(sizeOf({ properties: { note: "x".repeat(1_000_000), ["n".repeat(50_000)]: 1 } })).toBeGreaterThan(1_050_000);
  for (const header of ["id", "brokerMessageId", "correlationId", "replyTo", "type", "groupId"])
    expect(sizeOf({ [header]: "x".repeat(1_000) })).toBe(1_000);
});
