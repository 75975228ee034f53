/** What NODE_DEBUG=masterslave-transport prints. test/scenarios/secrets.test.ts runs a program under it. */
import type * as util from "node:util";
import { describe, expect, it, vi } from "vitest";
import { toyGroup, until } from "../../support/toy-group.ts";
import { toyServer } from "../../support/toy-server.ts";

const { lines, sections, asked } = vi.hoisted(() => ({
  lines: [] as string[],
  sections: [] as string[],
  asked: { enabled: true },
}));
vi.mock("node:util", async (original) => {
  const node = await original<typeof util>();
  const debuglog = (section: string) => {
    sections.push(section);
    const log = (...args: unknown[]) => void lines.push(node.format(...args));
    return Object.defineProperty(log, "enabled", { get: () => asked.enabled });
  };
  return { ...node, debuglog };
});
const { debugEvents, TRANSPORT_LINES } = await import("../../../src/transport/debug-log.ts");
const { MasterSlaveTransport } = await import("../../../src/transport/group-transport.ts");

const endpoint = { scheme: "stomp", host: "a", port: 61613 };
const at = new Date(0);

describe("NODE_DEBUG=masterslave-transport", () => {
  it("prints what each endpoint answered, in a line of its own", () => {
    lines.length = 0;
    const print = debugEvents("transport", TRANSPORT_LINES);
    const refused = {
      endpoint,
      code: "ENDPOINT_REFUSED",
      message: "refused it",
      since: at,
      attempts: 3,
      pending: false,
    };
    const silent = { ...refused, code: "ATTEMPT_TIMEOUT", message: "has not answered", attempts: 1, pending: true };
    const endpoints = [refused, silent] as never;
    print("waiting", [{ at, since: at, waitedMs: 4_000.2, rounds: 7, endpoints }]);
    expect(lines).toEqual([expect.stringMatching(/^transport \d+ waiting: for 4 s, 7 rounds failed\n/)]);
    expect(lines[0]?.split("\n").slice(1)).toEqual([
      "  stomp://a:61613: ENDPOINT_REFUSED since 1970-01-01T00:00:00.000Z (tried 3 times): refused it",
      "  stomp://a:61613: ATTEMPT_TIMEOUT since 1970-01-01T00:00:00.000Z (tried 1 times, now too): has not answered",
    ]);
  });

  it("writes out the control characters of what a peer has said", () => {
    lines.length = 0;
    const print = debugEvents("transport", TRANSPORT_LINES);
    print("failed", [{ code: "ENDPOINT_REFUSED", message: "no \u001b]0;title\u0007" } as never]);
    expect(lines).toEqual([expect.stringMatching(/ENDPOINT_REFUSED no /)]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(lines[0]).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it("prints the life of a transport, once each, with a number that tells it from others", async () => {
    lines.length = 0;
    const server = await toyServer("welcome");
    const { client } = toyGroup([server]);
    const group = `tcp://127.0.0.1:${server.endpoint.port}?initialReconnectDelay=1`;
    const [one, other] = [1, 2].map(() => new MasterSlaveTransport({ group, open: client.open }));
    await one?.connect();
    server.drop();
    await until(() => lines.some((line) => line.includes("restored")));
    await one?.close(AbortSignal.timeout(1_000));
    await other?.close(AbortSignal.timeout(1_000));
    const where = `tcp://127.0.0.1:${server.endpoint.port}`;
    expect(lines.map((line) => line.replace(/^transport \d+ /, ""))).toEqual([
      `attempt: ${where}: a session`,
      `established: ${where}`,
      expect.stringMatching(`^interrupted: ${where}: SESSION_LOST .`),
      `attempt: ${where}: a session`,
      expect.stringMatching(`^restored: ${where}, after \\d+ ms$`),
      "closed: by close()",
      "closed: by close()",
    ]);
    expect(new Set(lines.map((line) => line.split(" ")[1])).size).toBe(2);
    expect(sections).toContain("masterslave-transport");
  });

  it("costs no text where nobody asked for it", () => {
    lines.length = 0;
    asked.enabled = false;
    const print = debugEvents<{ told: [object] }>("transport", {
      told: () => {
        throw new Error("It was formatted");
      },
    });
    print("told", [{}]);
    asked.enabled = true;
    expect(lines).toEqual([]);
  });
});
