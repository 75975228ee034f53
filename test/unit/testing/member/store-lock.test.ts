import { describe, expect, it } from "vitest";
import { claimPorts } from "../../../../src/testing/group/claimed-ports.ts";
import { StoreLock } from "../../../../src/testing/member/store-lock.ts";

describe("StoreLock", () => {
  it("is held by one at a time, and passes on when it is released", async () => {
    const { ports, release } = await claimPorts(1);
    const options = { port: ports[0] ?? 0, pollMs: 2, signal: new AbortController().signal };
    const first = await StoreLock.acquire(options);
    let acquired = false;
    const second = StoreLock.acquire(options).then((lock) => {
      acquired = true;
      return lock;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(acquired).toBe(false);
    await first.release();
    await (await second).release();
    await release();
  });

  it("stops waiting when the signal fires", async () => {
    const { ports, release } = await claimPorts(1);
    const end = new AbortController();
    const options = { port: ports[0] ?? 0, pollMs: 2, signal: end.signal };
    const held = await StoreLock.acquire(options);
    const waiting = StoreLock.acquire(options);
    end.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
    await held.release();
    await release();
  });
});
