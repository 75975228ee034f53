/**
 * The parts of a message that should arrive as they were sent. Each aspect has a message that shows it, and what the
 * receiver should see.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { DUPLICATE_ID_PROPERTY } from "../../../src/messaging/messages/outgoing-message.ts";
import type { InteropClient, SeenMessage, SentMessage, TypedProperty } from "./interop-client.ts";

export interface Aspect {
  readonly name: string;
  /** Sends a message from one client to the other. Resolves with `"same"`, or with what arrived instead. */
  run(sender: InteropClient, receiver: InteropClient, destination: string): Promise<string>;
}

export const SAME = "same";
const TEXT = "Grüße, 世界 😀\nsecond line";
const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString("base64");
const TTL_MS = 60_000;
const DELAY_MS = 1_000;
/** The tolerance for clocks of brokers, clients and timers on one machine, which round to milliseconds. */
const CLOCK_SLACK_MS = 50;
/** After this time a request that our package refuses has been refused. */
const REFUSED_WITHIN_MS = 20;

/**
 * An aspect of one message. `look` picks from what arrived, and from the id that the sender was told, the part that
 * should equal `wanted`.
 */
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

const encode = (text: string) => Buffer.from(text).toString("base64");

/** The bytes of the body, whatever type it arrived as. */
const contentOf = ({ text, base64 }: SentMessage | SeenMessage) => (text == null ? base64 : encode(text));

function body(name: string, sent: SentMessage): Aspect {
  const wanted = sent.text === undefined ? "bytes" : "text";
  return {
    name,
    async run(sender, receiver, destination) {
      await sender.send(destination, sent);
      const seen = await receiver.receive(destination);
      const content = compare(contentOf(seen), contentOf(sent));
      return content === SAME && seen.kind !== wanted ? `the same as ${seen.kind}` : content;
    },
  };
}

function property(name: string, sent: TypedProperty): Aspect {
  return {
    name,
    async run(sender, receiver, destination) {
      await sender.send(destination, { text: "x", properties: { p: sent } });
      const { p: seen } = (await receiver.receive(destination)).properties;
      if (seen === undefined) return "nothing";
      // JavaScript has one type of number.
      const type = seen.type === "number" && typeof sent.value === "number" ? sent.type : seen.type;
      if (type === "string" && sent.type !== "string" && seen.value === String(sent.value)) return "the same as text";
      return compare([type, seen.value], [sent.type, sent.value]);
    },
  };
}

function answered(name: string, temporary: boolean): Aspect {
  return {
    name,
    async run(requester, responder, destination) {
      const asking = requester.request(destination, { text: "the question", correlationId: "question-1" }, temporary);
      // Our own refusal comes at once. Without this wait the responder would wait for the request in vain, and disturb
      // the next aspect.
      await Promise.race([asking, sleep(REFUSED_WITHIN_MS)]);
      const [request, reply] = await Promise.all([responder.respond(destination, { text: "the answer" }), asking]);
      return compare(
        [contentOf(request), request.correlationId, contentOf(reply), reply.correlationId],
        [encode("the question"), "question-1", encode("the answer"), "question-1"],
      );
    },
  };
}

const settled: Aspect = {
  name: "acknowledgement",
  async run(sender, receiver, destination) {
    await sender.send(destination, { text: "x" });
    const { empty } = await receiver.receiveLast(destination);
    return empty ? SAME : "comes again";
  },
};

/** Other clients see our stable id as a property; we use their message id as the id. */
const identified: Aspect = {
  name: "message id",
  async run(sender, receiver, destination) {
    const sentId = await sender.send(destination, { text: "x" });
    const { id, properties } = await receiver.receive(destination);
    const seenId = properties[DUPLICATE_ID_PROPERTY]?.value ?? id;
    if (!seenId) return "none";
    // The Python clients send no message id, so the broker makes one.
    return sentId === undefined || seenId === sentId ? SAME : "another one";
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

/** Whether the time is about one time to live from now, by whichever clock it was written. */
function expires({ expiresAtMs }: SeenMessage): unknown {
  if (!expiresAtMs) return expiresAtMs;
  const leftMs = expiresAtMs - Date.now();
  return leftMs > TTL_MS - 10_000 && leftMs <= TTL_MS + CLOCK_SLACK_MS ? "in a minute" : leftMs;
}

export const ASPECTS: readonly Aspect[] = [
  body("text", { text: TEXT }),
  body("empty text", { text: "" }),
  body("every byte", { base64: EVERY_BYTE }),
  body("no bytes", { base64: "" }),
  property("string property", { type: "string", value: "Grüße: 世界" }),
  property("string property with an emoji", { type: "string", value: "😀" }),
  property("int property", { type: "int", value: -7 }),
  property("long property", { type: "long", value: 2 ** 40 }),
  property("double property", { type: "double", value: 1.5 }),
  property("boolean property", { type: "boolean", value: true }),
  message("correlation id", { text: "x", correlationId: "order-7:1" }, (seen) => seen.correlationId, "order-7:1"),
  message("reply to a queue", { text: "x", replyTo: "queue://answers" }, (seen) => seen.replyTo, "queue://answers"),
  message("reply to a topic", { text: "x", replyTo: "topic://answers" }, (seen) => seen.replyTo, "topic://answers"),
  answered("request and reply", false),
  answered("request, reply to a temporary queue", true),
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
  identified,
  delayed,
  settled,
];
