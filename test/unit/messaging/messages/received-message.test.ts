import { describe, expect, it } from "vitest";
import { type ReceivedContent, ReceivedMessage } from "../../../../src/messaging/messages/received-message.ts";

const CONTENT: ReceivedContent = {
  body: Buffer.from("{}"),
  kind: "text",
  id: "id-1",
  brokerMessageId: "ID:broker-1",
  properties: { a: 1 },
  destination: "queue://orders",
  contentType: "application/json",
  correlationId: "c",
  replyTo: "queue://answers",
  type: "order",
  groupId: "g",
  groupSequence: 7,
  sentAtMs: 6,
  priority: 4,
  expiresAtMs: 5,
  persistent: true,
};
const received = (body: Uint8Array | string, id: string | undefined = "id-1") =>
  new ReceivedMessage({ ...CONTENT, id, body: Buffer.from(body as string) });

describe("a received message", () => {
  it("tells what came with it", () => {
    const message = new ReceivedMessage(CONTENT);
    const { body, ...rest } = CONTENT;
    for (const [name, value] of Object.entries(rest)) expect(message[name as keyof typeof rest]).toEqual(value);
    expect(message.bytes()).toBe(body);
  });

  it("is read as text, byte order mark and all, and as JSON", () => {
    expect(received("\ufeffGrüße").text()).toBe("\ufeffGrüße");
    expect(received('{"sku":1}').json()).toEqual({ sku: 1 });
  });

  it("says how to read it otherwise when it is neither", () => {
    const unreadable = (read: () => unknown) =>
      expect(read).toThrow(expect.objectContaining({ code: "UNREADABLE_BODY" }));
    unreadable(() => received(new Uint8Array([0xff])).text());
    unreadable(() => received(new Uint8Array([0xff])).json());
    unreadable(() => received("{").json());
    expect(() => received(new Uint8Array([0xff])).text()).toThrow("message id-1 is not UTF-8; read it with bytes()");
    expect(() => new ReceivedMessage({ ...CONTENT, id: undefined, body: Buffer.from("{") }).json()).toThrow(
      "message (no id) is not JSON; read it with text()",
    );
  });
});
