/** Each rule's own examples: the bad one breaks that rule and no other, the good one breaks none. */
import { describe, expect, it } from "vitest";
import { checkTopology } from "../../../../src/topology/check/check-topology.ts";
import { wholeExample } from "../../../../src/topology/check/rule.ts";
import { RULES } from "../../../../src/topology/check/rule-table.ts";
import { readTopology } from "../../../../src/topology/description/read-topology.ts";

/** What the issue names; none may be forgotten. */
const WANTED =
  `OWN_GROUP SLOW_RECONNECT MEMBERS_ON_ONE_HOST SAME_ZONE LONE_MASTER SLAVE_FIRST STATIC_TO_PAIR ONE_WAY_ISLAND
  TTL_TOO_SMALL LOOP MIXED_LOOP SURVIVOR_OVERLOADED PORT_CLASH DUPLICATE_NAME DUPLICATE_NAME_TO_PEER DUPLEX_BOTH_ENDS
  DIFFERENT_BROKER_NAMES_IN_GROUP RANDOM_BROKER_ID BIND_ADDRESS_AS_TARGET NO_SCHEME BLANK_IN_URI UNKNOWN_OPTION_DROPS_ORDER
  ONE_URI_IN_MASTERSLAVE VIRTUAL_TOPIC_TWICE ADVISORIES_OFF NO_REPLAY_AUDIT PASSWORD_IN_FILE TWO_CONNECTIONS_FOR_ONE_PAIR
  MIRROR_TO_INDEPENDENT_NODES`.split(/\s+/);

describe("the table of rules", () => {
  it("has every rule once, and each names a source", () => {
    expect(RULES.map(({ code }) => code).sort()).toEqual([...WANTED].sort());
    for (const { condition, source } of RULES) {
      expect(condition).toMatch(/^[A-Z].+\.$/s);
      expect(source.length).toBeGreaterThan(20);
    }
  });

  for (const { code, severity, bad, good } of RULES) {
    it(`${code}: its bad example breaks it and nothing else, with file, line and column`, () => {
      const findings = checkTopology(readTopology(wholeExample(bad), { file: "network.yaml", env: {} }));
      expect(findings.map((each) => each.code)).toEqual(Array(findings.length).fill(code));
      expect(findings.length).toBeGreaterThan(0);
      for (const finding of findings) {
        expect(finding).toMatchObject({
          severity,
          file: "network.yaml",
          line: expect.any(Number),
          column: expect.any(Number),
        });
        expect(finding.message).not.toMatch(/undefined|NaN/);
        expect(finding.advice.length).toBeGreaterThan(10);
      }
    });

    it(`${code}: its good neighbour breaks no rule`, () => {
      expect(checkTopology(readTopology(wholeExample(good), { env: {} }))).toEqual([]);
    });

    it(`${code}: is left out when it is ignored`, () => {
      expect(checkTopology(readTopology(wholeExample(bad), { env: {} }), { ignore: [code] })).toEqual([]);
    });
  }
});
