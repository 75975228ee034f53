/** A program may give one signal to everything it does: Node must not take that for a leak. */
import { expect, it } from "vitest";
import { IdleLatch } from "../../../src/async/idle-latch.ts";
import { unlessAborted } from "../../../src/async/unless-aborted.ts";
import { MasterSlaveTransport } from "../../../src/transport/index.ts";
import { processWarnings } from "../../support/process-warnings.ts";

const MANY = 20;

const turn = () => new Promise((resolve) => setImmediate(resolve));

it.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
  [
    "connections that are being opened",
    (signal) =>
      new MasterSlaveTransport({ group: "stomp://127.0.0.1:1", open: () => new Promise<never>(() => {}) }).connect({
        signal,
      }),
  ],
  ["promises that wait", (signal) => unlessAborted(signal, new Promise(() => {}))],
  ["waits for the last of something", (signal) => new IdleLatch().wait(false, signal)],
])("one signal for many %s raises no warning of a leak", async (_what, begin) => {
  const warnings = processWarnings();
  const controller = new AbortController();
  const all = Array.from({ length: MANY }, () => begin(controller.signal).catch(() => {}));
  await turn();
  controller.abort();
  await Promise.all(all);
  await turn();
  expect(warnings).toEqual([]);
});
