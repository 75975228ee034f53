/** The figures of each destination, and how many have figures of their own. */
import { describe, expect, it } from "vitest";
import { DestinationFigures } from "../../../../src/messaging/messages/destination-figures.ts";

const queue = (name: string) => ({ kind: "queue", name }) as const;

describe("the figures of destinations", () => {
  it("are kept for each by itself, a queue and a topic of one name too, and told as they are now", () => {
    const figures = new DestinationFigures();
    figures.of(queue("q")).sends.sent += 2;
    figures.of({ kind: "topic", name: "q" }).deliveries.accepted += 1;
    const told = figures.stats;
    figures.of({ ...queue("q") }).sends.sent += 1;
    expect(Object.keys(told)).toEqual(["queue://q", "topic://q"]);
    expect(told["queue://q"]).toMatchObject({ sends: { sent: 2 }, deliveries: { accepted: 0 } });
    expect(told["topic://q"]).toMatchObject({ sends: { sent: 0 }, deliveries: { accepted: 1 } });
    expect(figures.stats["queue://q"]?.sends.sent).toBe(3);
  });

  it("are summed under one entry beyond a hundred destinations, whatever their number", () => {
    const figures = new DestinationFigures();
    for (let i = 0; i < 1_000; i += 1) figures.of(queue(`q${i}`)).sends.confirmed += 1;
    figures.of(queue("q0")).sends.confirmed += 1;
    const told = figures.stats;
    expect(Object.keys(told)).toHaveLength(101);
    expect(told["queue://q0"]?.sends.confirmed).toBe(2);
    expect(told["(others)"]?.sends.confirmed).toBe(900);
  });

  it("count temporary destinations among the others, so that they displace none", () => {
    const figures = new DestinationFigures();
    expect(figures.stats).toEqual({});
    for (let i = 0; i < 1_000; i += 1) figures.of({ kind: "temp-queue", name: `t${i}` }).sends.sent += 1;
    figures.of(queue("q")).sends.sent += 1;
    expect(Object.keys(figures.stats)).toEqual(["queue://q", "(others)"]);
    expect(figures.stats["(others)"]?.sends.sent).toBe(1_000);
  });

  it("take names that every object has", () => {
    const figures = new DestinationFigures();
    for (const name of ["__proto__", "constructor"]) figures.of(queue(name)).sends.sent += 1;
    expect(Object.keys(figures.stats)).toEqual(["queue://__proto__", "queue://constructor"]);
  });
});
