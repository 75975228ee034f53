/** What a transport tells while nobody is there. */
import { describe, expect, it } from "vitest";
import type { Waiting } from "../../../src/transport/transport-events.ts";
import { type ToyGroup, toyGroup, until } from "../../support/toy-group.ts";
import { toyServer } from "../../support/toy-server.ts";

function waitings({ transport }: ToyGroup): Waiting[] {
  const told: Waiting[] = [];
  transport.on("waiting", (waiting) => told.push(waiting));
  return told;
}

describe("a transport that waits", () => {
  it("tells what each endpoint answered last, also one that has not answered, until there is a session", async () => {
    const [refused, silent] = [await toyServer("refuse"), await toyServer("silent")];
    const before = Date.now();
    const group = toyGroup([refused, silent], { attemptStagger: 20 });
    const told = waitings(group);
    const connecting = group.transport.connect();
    await until(() => told.length === 2);
    await refused.listen();
    refused.mode = "welcome";
    await connecting;
    const [first, second] = told as [Waiting, Waiting];
    expect(first).toMatchObject({
      rounds: expect.any(Number),
      endpoints: [
        {
          endpoint: { port: refused.endpoint.port },
          code: "ENDPOINT_REFUSED",
          pending: false,
          since: expect.any(Date),
        },
        {
          endpoint: { port: silent.endpoint.port },
          code: "ATTEMPT_TIMEOUT",
          message: expect.stringContaining("has not answered yet (connected, its handshake unanswered)"),
          attempts: 1,
          pending: true,
        },
      ],
    });
    expect(first.endpoints[0]?.attempts).toBeGreaterThan(1);
    expect(second.endpoints[0]?.attempts).toBeGreaterThan(first.endpoints[0]?.attempts ?? 0);
    expect(second.waitedMs).toBeGreaterThan(first.waitedMs);
    expect(second.rounds).toBeGreaterThan(first.rounds);
    expect(second.since).toEqual(first.since);
    expect(first.since.getTime()).toBeGreaterThanOrEqual(before);
    expect(first.at.getTime()).toBeGreaterThan(first.since.getTime());
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect(told).toHaveLength(2);
  });

  it("tells the same while it is interrupted, since the session ended", async () => {
    const server = await toyServer("welcome");
    const group = toyGroup([server]);
    const told = waitings(group);
    await group.transport.connect();
    await server.refuse();
    await until(() => told.length === 1);
    const [interrupted] = group.told.flatMap(({ name, payload }) => (name === "interrupted" ? payload : []));
    expect(told[0]).toMatchObject({ since: interrupted?.at, endpoints: [{ code: "ENDPOINT_REFUSED" }] });
    expect(group.transport.state).toMatchObject({ name: "interrupted", since: interrupted?.at });
  });

  it("tells nothing more once it is closed", async () => {
    const group = toyGroup([await toyServer("refuse")]);
    const told = waitings(group);
    const connecting = group.transport.connect().catch(() => {});
    await until(() => told.length === 1);
    await group.close();
    await connecting;
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(told).toHaveLength(1);
  });
});
