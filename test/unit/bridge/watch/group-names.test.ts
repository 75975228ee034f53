import { expect, it, vi } from "vitest";
import { GroupNames } from "../../../../src/bridge/watch/group-names.ts";
import type { WatchedGroup } from "../../../../src/bridge/watch/watched-group.ts";

it("a name that a peer says is told without control characters, and its first characters alone", async () => {
  const heard = `evil\u001b[2J\nline\u202e${"x".repeat(10_000)}`;
  const deliveries = (async function* () {
    yield { message: { properties: { MasterslaveGroup: heard } }, accept: async () => "settled" };
  })();
  const connection = {
    endpoint: {},
    consume: () => Object.assign(deliveries, { ready: Promise.resolve() }),
    send: async () => {},
  };
  const warn = vi.fn<(warning: { readonly code: string; readonly message: string }) => void>();
  const group = { name: "north", id: "north", protocol: "amqp", connection } as unknown as WatchedGroup;
  const caller = new GroupNames().callerOf(group, warn);
  caller?.start(1);
  await expect.poll(() => warn.mock.calls.length).toBeGreaterThan(0);
  caller?.close();
  const [{ code, message } = { code: "", message: "" }] = warn.mock.calls[0] ?? [];
  expect(code).toBe("GROUP_HAS_TWO_NAMES");
  expect(message).toContain("evil\\x1b[2J\\nline\\u202e");
  expect(message.length).toBeLessThan(500);
});
