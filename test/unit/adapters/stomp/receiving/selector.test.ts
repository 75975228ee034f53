import { describe, expect, it } from "vitest";
import { selectorForArtemis } from "../../../../../src/adapters/stomp/receiving/selector.ts";
import { UnsupportedError } from "../../../../../src/errors/errors.ts";

describe("a selector for Artemis", () => {
  it.each([
    ["JMSPriority > 6", "AMQPriority > 6"],
    ["JMSTimestamp > 0 AND JMSExpiration = 0", "AMQTimestamp > 0 AND AMQExpiration = 0"],
    ["JMSMessageID = 'ID:1'", "AMQUserID = 'ID:1'"],
    ["JMSXGroupID = 'g'", "AMQGroupID = 'g'"],
    ["JMSDeliveryMode = 'PERSISTENT'", "AMQDurable = 'DURABLE'"],
    [
      "'NON_PERSISTENT' <> JMSDeliveryMode OR mode = 'PERSISTENT'",
      "'NON_DURABLE' <> AMQDurable OR mode = 'PERSISTENT'",
    ],
    // Artemis knows these by themselves, and takes literals and names of the user's as they are.
    ["JMSType = 't' and JMSCorrelationID = 'c'", "JMSType = 't' and JMSCorrelationID = 'c'"],
    [
      "colour = 'JMSPriority''s JMSPriority' AND JMSPriority1 = 2",
      "colour = 'JMSPriority''s JMSPriority' AND JMSPriority1 = 2",
    ],
    ["an unfinished 'JMSPriority", "an unfinished 'AMQPriority"],
    ["", ""],
  ])("says %j as %j", (selector, translated) => {
    expect(selectorForArtemis(selector)).toBe(translated);
  });

  it.each(["JMSRedelivered", "JMSDestination", "JMSXDeliveryCount", "JMSDeliveryTime"])(
    "by %s is refused, for it would match nothing",
    (name) => {
      expect(() => selectorForArtemis(`a = 1 OR ${name} = TRUE`)).toThrow(UnsupportedError);
      expect(selectorForArtemis(`a = '${name}'`)).toBe(`a = '${name}'`);
    },
  );

  it("is read in time in proportion to its length", () => {
    const { user } = process.cpuUsage();
    for (const part of ["'", "a", "JMSDeliveryMode ", "''", "AND "]) selectorForArtemis(part.repeat(20_000));
    expect((process.cpuUsage().user - user) / 1000).toBeLessThan(1000);
  });
});
