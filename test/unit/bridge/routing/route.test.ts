import { describe, expect, it } from "vitest";
import { reverseRouteOf, routeOf, targetOf } from "../../../../src/bridge/routing/route.ts";
import { formatDestination, parseDestination } from "../../../../src/messaging/messages/destination.ts";

const to = (route: ReturnType<typeof routeOf>, source: string) => {
  const target = targetOf(route, parseDestination(source));
  return target && formatDestination(target);
};

describe("a route", () => {
  it("excludes over static over include, renames by the first rule, and turns kinds", () => {
    const route = routeOf({
      include: ["queue://orders.>", "topic://prices.*"],
      exclude: ["queue://orders.tmp.>"],
      static: ["queue://audit"],
      rename: [
        { from: "queue://orders.*", to: "queue://eu.orders.$1" },
        { from: "queue://orders.>", to: "queue://rest.$1" },
      ],
    });
    expect(to(route, "queue://orders.new")).toBe("queue://eu.orders.new");
    expect(to(route, "queue://orders.a.b")).toBe("queue://rest.a.b");
    expect(to(route, "queue://orders.tmp.x")).toBeUndefined();
    expect(to(route, "queue://audit")).toBe("queue://audit");
    expect(to(route, "topic://prices.eu")).toBe("topic://prices.eu");
    expect(to(route, "queue://prices.eu")).toBeUndefined();
    expect(to(routeOf({ include: ["topic://a"], as: "queue" }), "topic://a")).toBe("queue://a");
  });

  it.each(["ActiveMQ.DLQ", "DLQ", "DLQ.orders", "ExpiryQueue", "ActiveMQ.Advisory.Queue", "masterslave.replies.x"])(
    "does not take %s by a wildcard, and takes it where it is named",
    (name) => {
      expect(to(routeOf({ include: ["queue://>"] }), `queue://${name}`)).toBeUndefined();
      expect(to(routeOf({ include: [`queue://${name}`] }), `queue://${name}`)).toBe(`queue://${name}`);
    },
  );

  it("takes the reply queues of this library by a pattern that begins with their name", () => {
    const route = routeOf({ include: ["queue://masterslave.replies.>"] });
    expect(to(route, "queue://masterslave.replies.1")).toBe("queue://masterslave.replies.1");
  });

  it("undoes the renames on the way back", () => {
    const route = reverseRouteOf({
      include: ["queue://a.*.b.>"],
      rename: [{ from: "queue://a.*.b.>", to: "queue://x.$1.y.$2" }],
    });
    expect(to(route, "queue://x.1.y.2.3")).toBe("queue://a.1.b.2.3");
    expect(to(route, "queue://a.1.b.2")).toBeUndefined();
  });
});
