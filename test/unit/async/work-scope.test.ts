import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { WorkScope } from "../../../src/async/work-scope.ts";

describe("a scope of work", () => {
  it("recognises what work under way calls: at once, after awaits, through promises, and from an inner scope", async () => {
    const scope = new WorkScope();
    const ask = () => scope.isCaller;
    const later = async () => {
      await sleep(1);
      return ask();
    };
    const work = scope.mark(async (call: () => unknown) => await call());
    const inner = scope.inner().mark(async (call: () => unknown) => await call());
    expect(await work(ask)).toBe(true);
    expect(await work(later)).toBe(true);
    expect(await inner(later)).toBe(true);
    expect(await work(() => Promise.all([later()]))).toEqual([true]);
    expect(await work(() => sleep(1).then(ask))).toBe(true);
    expect(await work(async () => await inner(later))).toBe(true);
  });

  it("takes nothing else for its work: what runs beside it, after it, and in another scope", async () => {
    const scope = new WorkScope();
    const other = new WorkScope();
    const work = scope.mark(async () => await sleep(5));
    const running = work();
    await sleep(1);
    expect(scope.isCaller).toBe(false);
    await running;
    expect(scope.isCaller).toBe(false);
    expect(await other.mark(async () => scope.isCaller)()).toBe(false);
    const inner = scope.inner();
    expect(await scope.mark(async () => inner.isCaller)()).toBe(false);
  });

  it("recognises nothing, and throws nothing, where a program has frozen Error", () => {
    const script = [
      'import { WorkScope } from "./src/async/work-scope.ts";',
      "const scope = new WorkScope();",
      "Object.freeze(Error);",
      "console.log(await scope.mark(async () => scope.isCaller)());",
    ];
    const args = ["--import", "tsx", "--input-type=module", "-e", script.join("\n")];
    expect(execFileSync(process.execPath, args, { encoding: "utf8" })).toBe("false\n");
  });

  it("leaves the stack traces of the process as they were, whatever a program has made of them", async () => {
    const scope = new WorkScope();
    const { prepareStackTrace, stackTraceLimit } = Error;
    const own = () => "own trace";
    try {
      Error.prepareStackTrace = own;
      Error.stackTraceLimit = 0;
      expect(await scope.mark(async () => scope.isCaller)()).toBe(true);
      expect(Error.prepareStackTrace).toBe(own);
      expect(Error.stackTraceLimit).toBe(0);
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
      Error.stackTraceLimit = stackTraceLimit;
    }
  });
});
