/** What inspect() shows of an object that shows a few facts. */
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { inspectedAs } from "../../../src/errors/inspected-as.ts";

class Shown {
  readonly secret = "pl4nted";

  [inspect.custom](depth: number, options: object): string {
    return inspectedAs("Shown", { at: "a:1", pending: 2 }, depth, options);
  }
}

describe("what is inspected as facts", () => {
  it("is the name with the facts, hidden properties or not", () => {
    const text = "Shown { at: 'a:1', pending: 2 }";
    expect([inspect(new Shown()), inspect(new Shown(), { showHidden: true, depth: Infinity })]).toEqual([text, text]);
    expect(inspect({ of: new Shown() })).toContain(text);
  });

  it("is the name alone where inspect() goes no deeper", () => {
    expect(inspect({ a: { b: { c: new Shown() } } }, { depth: 2 })).toContain("[Shown]");
  });
});
