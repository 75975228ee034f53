import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { brokerOf } from "../../../src/adapters/amqp/opening/broker.ts";
import { attemptFailure, describeCondition } from "../../../src/adapters/amqp/opening/failures.ts";
import { readBroker } from "../../../src/adapters/stomp/opening/broker.ts";
import { refusedSession } from "../../../src/adapters/stomp/opening/failures.ts";
import { readRefusal } from "../../../src/adapters/stomp/opening/refusal.ts";
import { MasterSlaveError } from "../../../src/errors/errors.ts";
import { printable, printableError, printableLine } from "../../../src/errors/printable.ts";

const endpoint = { scheme: "stomp", host: "a", port: 1, options: {} } as const;
/** Clears a terminal, sets its title, forges a line of a log, hides what follows. */
const EVIL = "\u001b[2J\u001b]0;owned\u0007\r\nINFO all is well\u009b31m\u202egnp.exe\u2028x\u0000";
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/u;

describe("what a peer says", () => {
  it("has its controls written out", () => {
    expect(printable("a\u001b[2Jb\u0085c\u202ed\ud800\te\n")).toBe("a\\x1b[2Jb\\x85c\\u202ed\\ud800\te\n");
    expect(printableLine("a\nb\tc")).toBe("a\\nb\\x09c");
    expect(printable("a\u061cb\u200bc\u200dd\ufeff")).toBe("a\\u061cb\\u200bc\\u200dd\\ufeff");
    expect(printable("Zoë 💶 日本")).toBe("Zoë 💶 日本");
  });

  it("is bounded, in one sentence and in all", () => {
    expect(printableLine("x".repeat(10_000))).toHaveLength(301);
    expect(new MasterSlaveError("INTERNAL", "x".repeat(10_000_000)).message.length).toBeLessThan(70_000);
  });

  it("leaves an error alone that has nothing to write out, and copies any other", () => {
    const harmless = new Error("fine");
    expect(printableError(harmless)).toBe(harmless);
    expect(inspect(printableError(new Error(EVIL)))).not.toMatch(CONTROL);
  });

  it.each([
    ["an ERROR's header", readRefusal({ message: EVIL }, Buffer.from(""), (text) => text)],
    ["an ERROR's body", readRefusal({}, Buffer.from(EVIL), (text) => text)],
  ])("controls nothing in %s", (_where, refusal) => {
    expect(inspect(refusedSession(endpoint, refusal, true))).not.toMatch(CONTROL);
  });

  it("controls nothing in a close, a refused login or broken bytes over AMQP", () => {
    const [none, said] = [Buffer.alloc(0), { condition: EVIL, description: EVIL }];
    for (const ending of [
      { kind: "close", ...said },
      { kind: "sasl-unusable", login: "password", offered: [EVIL], allowed: ["PLAIN"] },
      { kind: "sasl-outcome", outcome: 1, login: "token", said: EVIL },
      { kind: "sasl-untrusted", text: EVIL },
      { kind: "protocol", error: new Error(EVIL) },
    ] as const)
      expect(inspect(attemptFailure(endpoint, ending, none))).not.toMatch(CONTROL);
  });

  it("is no text of ours when it is no text at all", () => {
    expect(describeCondition({ condition: 5, description: {} })).toBe("5: [object Object]");
  });

  it("loses its credentials before it is cut", () => {
    const shown = describeCondition({ description: `${"x".repeat(297)}secret` }, (text) => text.replace("secret", "*"));
    expect(shown).not.toContain("sec");
  });

  it("names a product and a version that can be printed", () => {
    expect(inspect(Object.values(brokerOf({ product: EVIL, version: EVIL })).join())).not.toMatch(CONTROL);
    expect(Object.values(readBroker("a\u001b[2J/b\u001b[2J")).join()).not.toMatch(CONTROL);
  });
});
