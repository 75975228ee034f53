/** Listeners cannot harm each other or the emitter, and leave when they should. */
import { describe, expect, it } from "vitest";
import { IsolatedEmitter } from "../../../src/async/isolated-emitter.ts";

interface Events {
  told: [string];
  other: [];
}

/** The listener warnings emitted while `act` runs and for a turn after it. */
async function warningsDuring(act: () => void): Promise<string[]> {
  const seen: string[] = [];
  const onWarning = (warning: Error & { code?: string }) => {
    if (warning.code === "MASTERSLAVE_LISTENER") seen.push(warning.message);
  };
  process.on("warning", onWarning);
  act();
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.removeListener("warning", onWarning);
  return seen;
}

describe("IsolatedEmitter", () => {
  it("calls the listeners behind one that throws and makes the throw a process warning", async () => {
    const emitter = new IsolatedEmitter<Events>();
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
    const emitter = new IsolatedEmitter<Events>();
    emitter.on("told", (async () => {
      throw new Error("later");
    }) as () => void);
    expect(await warningsDuring(() => emitter.emit("told", ""))).toHaveLength(1);
  });

  it("makes a thrown non-error a warning too", async () => {
    const emitter = new IsolatedEmitter<Events>();
    emitter.on("other", () => {
      throw "just text";
    });
    expect(await warningsDuring(() => emitter.emit("other"))).toEqual(['A listener of "other" threw: just text']);
  });

  it("calls a once listener once, and not again when the event comes again", () => {
    const emitter = new IsolatedEmitter<Events>();
    const heard: string[] = [];
    emitter.once("told", (text) => heard.push(text));
    emitter.emit("told", "first");
    emitter.emit("told", "second");
    expect(heard).toEqual(["first"]);
    expect(emitter.listenerCount("told")).toBe(0);
  });

  it("keeps an on listener that was also added by once", () => {
    const emitter = new IsolatedEmitter<Events>();
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
    const emitter = new IsolatedEmitter<Events>();
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
    const emitter = new IsolatedEmitter<Events>();
    const listener = () => {
      throw new Error("always");
    };
    emitter.on("told", listener).on("other", listener);
    const [warning] = await warningsDuring(() => emitter.emit("other"));
    expect(warning).toContain('"other"');
  });

  it("lets a listener remove itself and others in the middle of an event", () => {
    const emitter = new IsolatedEmitter<Events>();
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
