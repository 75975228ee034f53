import { describe, expect, it } from "vitest";
import type { ReceivedMessage } from "../../../src/messaging/messages/received-message.ts";
import { chooseLoads, LOADS } from "../../brokers/kill/loads/all-loads.ts";
import { Lanes, untilStill } from "../../brokers/kill/loads/lanes.ts";
import { composeBody, findDamage } from "../../brokers/kill/loads/mixed-bodies.ts";
import { toyMessage } from "../../support/toy-messaging-session.ts";

/** Body number `n` as it arrives. */
function arrived(n: number, change: (body: Buffer) => Buffer = (body) => body): ReceivedMessage {
  const { body, options } = composeBody(n);
  const properties = { ...options.properties, n };
  return toyMessage("", undefined, { body: change(Buffer.from(body)), kind: "bytes", properties });
}

describe("the mix of bodies", () => {
  it("goes from nothing to 1 MiB, in text and in bytes, and arrives as it was sent", () => {
    const numbers = Array.from({ length: 30 }, (_, index) => index);
    const bodies = numbers.map((n) => composeBody(n).body);
    const sizes = bodies.map((body) => Buffer.byteLength(body));
    expect(Math.min(...sizes)).toBe(0);
    expect(Math.max(...sizes)).toBe(1_048_576);
    expect(bodies.some((body) => typeof body === "string" && body.includes("😀"))).toBe(true);
    expect(numbers.map((n) => findDamage(arrived(n)))).toEqual(numbers.map(() => undefined));
  });

  it("shows damage: a byte that changed, a body that was cut, another message's body", () => {
    const flip = (body: Buffer) => {
      body[500] = (body[500] ?? 0) ^ 1;
      return body;
    };
    expect(findDamage(arrived(3, flip))).toBe("message 3 came damaged, with 1000 bytes");
    expect(findDamage(arrived(4, (body) => body.subarray(1)))).toBe("message 4 came damaged, with 4999 bytes");
    expect(findDamage(arrived(13, () => Buffer.from(composeBody(3).body)))).toContain("came damaged");
  });
});

describe("the loads", () => {
  it("are chosen by name, and a name that is none is told", () => {
    expect(chooseLoads("all")).toEqual(Object.keys(LOADS));
    expect(chooseLoads("groups,mixed")).toEqual(["groups", "mixed"]);
    expect(() => chooseLoads("groups,mixd")).toThrow("There is no load mixd: say all, or some of transactions,");
  });

  it("stop their lanes when all work has settled, or has had its time", async () => {
    let done = 0;
    const lanes = new Lanes({ lanes: 3, pauseMs: 1 }, async () => {
      done += 1;
    });
    await lanes.stop();
    const after = done;
    expect(after).toBeGreaterThanOrEqual(3);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(done).toBe(after);
    await new Lanes({ lanes: 1, pauseMs: 1 }, () => new Promise(() => {})).stop(20);
  });

  it("wait for what gets on, however slowly, and give up what stands still", async () => {
    let done = 0;
    const timer = setInterval(() => {
      done += 1;
    }, 30);
    const slow = () =>
      untilStill(
        () => done >= 5,
        () => done,
        60,
      );
    expect(await slow()).toBe(true);
    clearInterval(timer);
    expect(
      await untilStill(
        () => done >= 1_000,
        () => done,
        60,
      ),
    ).toBe(false);
  });
});
