/** What of a message is to arrive as it was sent: each aspect with a message that has it and what its receiver is to see. */
import type { InteropClient, SeenMessage, SentMessage, TypedProperty } from "./interop-client.ts";

export interface Aspect {
  readonly name: string;
  /** Sends from one to the other and tells what arrived: `"same"`, or what came instead. */
  run(sender: InteropClient, receiver: InteropClient, destination: string): Promise<string>;
}

const SAME = "same";
const TEXT = "Grüße, 世界 😀\nsecond line";
const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString("base64");
const TTL_MS = 60_000;
const DELAY_MS = 1_000;
/** Clocks of brokers, clients and timers on one machine, rounded to milliseconds. */
const CLOCK_SLACK_MS = 50;

/** One message; `look` picks from what arrived, and from the id the sender was told, what is to equal `wanted`. */
function message(
  name: string,
  sent: SentMessage,
  look: (seen: SeenMessage, sentId: string | undefined) => unknown,
  wanted: unknown,
): Aspect {
  return {
    name,
    async run(sender, receiver, destination) {
      const id = await sender.send(destination, sent);
      return compare(look(await receiver.receive(destination), id), wanted);
    },
  };
}

function compare(seen: unknown, wanted: unknown): string {
  const [found, expected] = [JSON.stringify(seen), JSON.stringify(wanted)];
  return found === expected ? SAME : (found ?? "nothing");
}

const bodyOf = ({ kind, text, base64 }: SeenMessage) => [kind, kind === "text" ? text : base64];

function property(name: string, sent: TypedProperty): Aspect {
  return {
    name,
    async run(sender, receiver, destination) {
      await sender.send(destination, { text: "x", properties: { p: sent } });
      const { p: seen } = (await receiver.receive(destination)).properties;
      if (seen === undefined) return "nothing";
      // JavaScript has one type of number.
      const type = seen.type === "number" && typeof sent.value === "number" ? sent.type : seen.type;
      return compare([type, seen.value], [sent.type, sent.value]);
    },
  };
}

const answered: Aspect = {
  name: "request and reply",
  async run(requester, responder, destination) {
    const [request, reply] = await Promise.all([
      responder.respond(destination, { text: "the answer" }),
      requester.request(destination, { text: "the question", correlationId: "question-1" }),
    ]);
    return compare(
      [request.text, request.correlationId, reply.text, reply.correlationId],
      ["the question", "question-1", "the answer", "question-1"],
    );
  },
};

const delayed: Aspect = {
  name: "delivery delay",
  async run(sender, receiver, destination) {
    const sentAt = performance.now();
    await sender.send(destination, { text: "x", delayMs: DELAY_MS });
    await receiver.receive(destination);
    return performance.now() - sentAt >= DELAY_MS - CLOCK_SLACK_MS ? SAME : "at once";
  },
};

/** Whether it is about the time to live from now, whichever clock it went through. */
function expires({ expiresAtMs }: SeenMessage): unknown {
  if (!expiresAtMs) return expiresAtMs;
  const leftMs = expiresAtMs - Date.now();
  return leftMs > TTL_MS - 10_000 && leftMs <= TTL_MS + CLOCK_SLACK_MS ? "in a minute" : leftMs;
}

export const ASPECTS: readonly Aspect[] = [
  message("text", { text: TEXT }, bodyOf, ["text", TEXT]),
  message("empty text", { text: "" }, bodyOf, ["text", ""]),
  message("every byte", { base64: EVERY_BYTE }, bodyOf, ["bytes", EVERY_BYTE]),
  message("no bytes", { base64: "" }, bodyOf, ["bytes", ""]),
  property("string property", { type: "string", value: "Grüße: 世界 😀" }),
  property("int property", { type: "int", value: -7 }),
  property("long property", { type: "long", value: 2 ** 40 }),
  property("double property", { type: "double", value: 1.5 }),
  property("boolean property", { type: "boolean", value: true }),
  message("correlation id", { text: "x", correlationId: "order-7:1" }, (seen) => seen.correlationId, "order-7:1"),
  message("reply to a queue", { text: "x", replyTo: "queue://answers" }, (seen) => seen.replyTo, "queue://answers"),
  message("reply to a topic", { text: "x", replyTo: "topic://answers" }, (seen) => seen.replyTo, "topic://answers"),
  answered,
  message("priority", { text: "x", priority: 7 }, (seen) => seen.priority, 7),
  message("expiry", { text: "x", ttlMs: TTL_MS }, expires, "in a minute"),
  message("type", { text: "x", type: "order.created" }, (seen) => seen.type, "order.created"),
  message(
    "group",
    { text: "x", groupId: "customer-7", groupSequence: 3 },
    (seen) => [seen.groupId, seen.groupSequence],
    ["customer-7", 3],
  ),
  message("persistent", { text: "x" }, (seen) => seen.persistent, true),
  message("not persistent", { text: "x", persistent: false }, (seen) => seen.persistent, false),
  delayed,
];
