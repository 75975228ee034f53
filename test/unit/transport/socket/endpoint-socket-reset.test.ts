/** A peer that was given up for dead while the socket was being closed: a reset is impossible then, and nothing must stay behind. */
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { SessionLostError } from "../../../../src/errors/errors.ts";
import { socketPair } from "../../../support/socket-pair.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("a socket whose FIN was asked for", () => {
  it.each([
    ["in the same turn", async () => {}],
    ["in the next tick", () => new Promise<void>((resolve) => process.nextTick(resolve))],
    ["when it has been sent", () => pause(50)],
  ] as const)("ends without EINVAL and leaves no handle when its peer is given up for dead %s", async (_, wait) => {
    const { socket, inner, peer } = await socketPair();
    socket.resume();
    const errors: (string | undefined)[] = [];
    inner.on("error", ({ code }: NodeJS.ErrnoException) => errors.push(code));
    const closed = once(inner, "close");
    const peerClosed = once(peer.resume(), "close");
    inner.end();
    await wait();
    socket.destroy(new SessionLostError("HEARTBEAT_LOST", "silent", { endpoint: socket.endpoint }));
    // What never closed kept its handle, and the process span when it left.
    await Promise.all([closed, peerClosed]);
    expect(errors).toEqual([]);
    expect(inner.destroyed).toBe(true);
  });
});
