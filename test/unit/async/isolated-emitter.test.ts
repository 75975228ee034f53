/** Listeners cannot harm each other or the emitter, and leave when they should. */
import { on, once } from "node:events";
import { describe, expect, it } from "vitest";
import { IsolatedEmitter } from "../../../src/async/isolated-emitter.ts";

interface Events {
  told: [string];
  other: [];
}

const DESCRIPTION = { what: "a teller", events: { told: true, other: true }, insteadOfError: "told" } as const;

function emitterOf(onEmit?: (event: string, payload: readonly unknown[]) => void) {
  return new IsolatedEmitter<Events>(DESCRIPTION, onEmit);
}

/** The listener warnings emitted while `act` runs and for a turn after it. */
async function warningsDuring(act: () => unknown, code = "MASTERSLAVE_LISTENER"): Promise<string[]> {
  const seen: string[] = [];
  const onWarning = (warning: Error & { code?: string }) => {
    if (warning.code === code) seen.push(warning.message);
  };
  process.on("warning", onWarning);
  await act();
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.removeListener("warning", onWarning);
  return seen;
}

describe("IsolatedEmitter", () => {
  it("calls the listeners behind one that throws and makes the throw a process warning", async () => {
    const emitter = emitterOf();
    const heard: string[] = [];
    emitter.on("told", () => {
      throw new Error("from the first listener");
    });
    emitter.on("told", (text) => heard.push(text));
    const warnings = await warningsDuring(() => emitter.emit("told", "news"));
    expect(heard).toEqual(["news"]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('A listener of "told" threw: Error: from the first listener');
  });

  it("makes the rejection of an async listener a process warning, not an unhandled one", async () => {
    const emitter = emitterOf();
    emitter.on("told", (async () => {
      throw new Error("later");
    }) as () => void);
    expect(await warningsDuring(() => emitter.emit("told", ""))).toHaveLength(1);
  });

  it("makes a thrown non-error a warning too", async () => {
    const emitter = emitterOf();
    emitter.on("other", () => {
      throw "just text";
    });
    expect(await warningsDuring(() => emitter.emit("other"))).toEqual(['A listener of "other" threw: just text']);
  });

  it("calls a once listener once, and not again when the event comes again", () => {
    const emitter = emitterOf();
    const heard: string[] = [];
    emitter.once("told", (text) => heard.push(text));
    emitter.emit("told", "first");
    emitter.emit("told", "second");
    expect(heard).toEqual(["first"]);
    expect(emitter.listenerCount("told")).toBe(0);
  });

  it("keeps an on listener that was also added by once", () => {
    const emitter = emitterOf();
    let calls = 0;
    const listener = () => {
      calls += 1;
    };
    emitter.on("told", listener);
    emitter.once("told", listener);
    emitter.emit("told", "");
    expect(calls).toBe(2);
    emitter.emit("told", "");
    expect(calls).toBe(3);
  });

  it.each(["off", "removeListener"] as const)("removes on and once listeners by %s", (remove) => {
    const emitter = emitterOf();
    let calls = 0;
    const listener = () => {
      calls += 1;
    };
    emitter.on("told", listener).once("told", listener).addListener("told", listener);
    emitter[remove]("told", listener);
    emitter.emit("told", "");
    expect(calls).toBe(0);
    expect(emitter.listenerCount("told")).toBe(0);
  });

  it("names the right event when one listener serves two", async () => {
    const emitter = emitterOf();
    const listener = () => {
      throw new Error("always");
    };
    emitter.on("told", listener).on("other", listener);
    const [warning] = await warningsDuring(() => emitter.emit("other"));
    expect(warning).toContain('"other"');
  });

  it("lets a listener remove itself and others in the middle of an event", () => {
    const emitter = emitterOf();
    const heard: string[] = [];
    const second = () => heard.push("second");
    const first = () => {
      heard.push("first");
      emitter.off("other", first).off("other", second);
    };
    emitter.on("other", first).on("other", second);
    emitter.emit("other");
    emitter.emit("other");
    expect(heard).toEqual(["first", "second"]);
  });
});

describe("an emitter that is asked for an event there is not", () => {
  const added = ["on", "once", "addListener"] as const;

  it.each(added)("refuses it in %s(), with the nearest name and all there are", (method) => {
    const emitter = emitterOf();
    const add = () => emitter[method]("Tolt" as "told", () => {});
    expect(add).toThrowError(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: `There is no event 'Tolt' of a teller: did you mean "told"? The events are other, told`,
      }),
    );
    expect(emitter.eventNames()).toEqual([]);
  });

  it("refuses names that every object has, and symbols", () => {
    for (const name of ["constructor", "__proto__", "newListener", Symbol("told"), "", undefined])
      expect(() => emitterOf().on(name as "told", () => {})).toThrow("There is no event");
  });

  it.each(added)('takes "error" in %s(), never calls it, and says once what to listen to instead', async (method) => {
    const emitter = emitterOf();
    let calls = 0;
    const warnings = await warningsDuring(() => {
      emitter[method]("error" as "told", () => {
        calls += 1;
      });
      emitter[method]("error" as "told", () => {});
    }, "MASTERSLAVE_NO_ERROR_EVENT");
    expect(warnings).toEqual([
      'A listener of "error" of a teller is never called, for there is no such event: listen to told',
    ]);
    expect(calls).toBe(0);
  });

  it("serves events.once() of Node, which adds a listener of error by itself, without a word", async () => {
    const emitter = emitterOf();
    const warnings = await warningsDuring(async () => {
      const waited = once(emitter as never, "told");
      emitter.emit("told", "news");
      expect(await waited).toEqual(["news"]);
    }, "MASTERSLAVE_NO_ERROR_EVENT");
    expect(warnings).toEqual([]);
    expect(emitter.eventNames()).toEqual([]);
  });

  it("serves events.on() of Node without a word", async () => {
    const emitter = emitterOf();
    const warnings = await warningsDuring(async () => {
      const told = on(emitter as never, "told");
      emitter.emit("told", "news");
      expect(await told.next()).toEqual({ done: false, value: ["news"] });
      await told.return?.();
    }, "MASTERSLAVE_NO_ERROR_EVENT");
    expect(warnings).toEqual([]);
    expect(emitter.eventNames()).toEqual([]);
  });

  it("answers a program that listens to error from within a listener of Node's own emitters", async () => {
    const { EventEmitter } = await import("node:events");
    const nodes = new EventEmitter();
    nodes.on("go", () => emitterOf().on("error" as "told", () => {}));
    const warnings = await warningsDuring(() => nodes.emit("go"), "MASTERSLAVE_NO_ERROR_EVENT");
    expect(warnings).toHaveLength(1);
  });
});

describe("an emitter with somebody who is told first", () => {
  it("tells him of every event, whoever listens", () => {
    const told: unknown[] = [];
    const emitter = emitterOf((event, payload) => told.push([event, payload]));
    expect(emitter.emit("told", "news")).toBe(false);
    emitter.on("other", () => told.push("listener"));
    expect(emitter.emit("other")).toBe(true);
    expect(told).toEqual([["told", ["news"]], ["other", []], "listener"]);
  });
});
