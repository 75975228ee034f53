import { expect, it } from "vitest";
import { type TraceDeps, traceMessage } from "../../../../src/bridge/watch/message-trace.ts";

it("the reason that a dead letter carries is told without control characters, and cut", async () => {
  const properties = { MasterslaveReason: `\u001b]0;title\u0007\r\n${"x".repeat(100_000)}` };
  const browse = async function* () {
    yield { id: "evil", properties };
  };
  const group = { name: "north", id: "north", protocol: "amqp", connection: { endpoint: {}, browse } };
  const deps = {
    ...{ link: "l", source: group, target: group, queues: [], targets: [], deadLetters: "queue://DLQ" },
    forwarder: { find: () => ({}), journal: { find: () => [] } },
  } as unknown as TraceDeps;
  const { found } = await traceMessage("evil", deps, new AbortController().signal);
  const { reason = "" } = found[0] ?? {};
  expect(found.map(({ place }) => place)).toEqual(["in-dead-letters"]);
  expect(reason).toContain("\\x1b]0;title\\x07");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be told.
  expect(reason).not.toMatch(/[\u0000-\u001f]/);
  expect(reason.length).toBeLessThan(1_100);
});
