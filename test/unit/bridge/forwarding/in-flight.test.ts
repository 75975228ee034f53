import { expect, it } from "vitest";
import { type InFlight, InFlightMessages } from "../../../../src/bridge/forwarding/in-flight.ts";
import type { Delivery } from "../../../../src/messaging/receiving/deliveries/delivery.ts";

const delivery = (name: string) => ({ name }) as unknown as Delivery;

/** A link that has room for so many messages, and counts the places that are given back. */
function play() {
  const given = { back: 0 };
  const messages = new InFlightMessages(10, (count) => {
    given.back += count;
  });
  const add = (key: string | undefined, confirmed = false) => {
    const message = { delivery: delivery("first"), copy: { key }, bytes: 1, confirmed, counted: true } as InFlight;
    messages.add(message);
    return message;
  };
  return { given, messages, add };
}

it("a message whose settlement was written is recognised when it comes again after its session ended, and only then", () => {
  const { messages, add, given } = play();
  messages.done(add("a", true), "settled");
  expect(messages.recognise("a", delivery("sent again on purpose"))).toBe("new");
  messages.interrupted();
  messages.interrupted();
  expect(messages.recognise("a", delivery("again"))).toBe("settled");
  expect(given.back).toBe(1);
  expect(messages.recognise("a", delivery("and again"))).toBe("new");
});

it("a message counts once, though it is taken again: under way when its session ends, or settled too late", () => {
  const { messages, add, given } = play();
  const [underWay, late] = [add("a"), add("b")];
  messages.interrupted();
  expect(given.back).toBe(2);
  expect(messages.recognise("a", delivery("again"))).toBe("adopted");
  expect(given.back).toBe(2);
  expect(underWay).toMatchObject({ counted: true, delivery: { name: "again" } });
  late.confirmed = true;
  messages.done(late, "stale");
  expect(messages.recognise("b", delivery("again"))).toBe("confirmed");
  expect(given.back).toBe(2);
});

it("a message that another consumer took back gives its place back when its settlement is stale", () => {
  const { messages, add, given } = play();
  messages.done(add("a", true), "stale");
  messages.done(add(undefined, true), "stale");
  expect(given.back).toBe(2);
});
