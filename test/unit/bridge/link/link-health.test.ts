import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { Gate } from "../../../../src/bridge/forwarding/gate.ts";
import { LinkHealth, type LinkHealthDeps } from "../../../../src/bridge/link/link-health.ts";
import type { LinkWatch } from "../../../../src/bridge/watch/link-watch.ts";
import type { Connection } from "../../../../src/messaging/connection/connection.ts";

it("a direction is told once that it has failed, and keeps the first reason when it is closed for that", () => {
  const connection = () => Object.assign(new EventEmitter(), { endpoint: undefined, state: {} });
  const [source, target] = [connection(), connection()];
  let told = 0;
  const deps: LinkHealthDeps = {
    source: source as unknown as Connection,
    target: target as unknown as Connection,
    gate: new Gate(),
    watch: { close: () => {}, start: () => {}, trouble: () => undefined } as unknown as LinkWatch,
    settings: {},
    hold: () => undefined,
    demand: () => undefined,
    pending: () => 0,
    progressAtMs: () => undefined,
    onSourceInterrupted: () => {},
    onFailed: () => {
      told += 1;
    },
    onChange: () => {},
  };
  const health = new LinkHealth(deps);
  health.began();
  target.emit("failed", { code: "NO_ACTIVE_ENDPOINT", message: "nobody is there" });
  source.emit("failed", { code: "CONNECTION_CLOSED", message: "closed" });
  health.stopped();
  expect(told).toBe(1);
  expect(health.state).toMatchObject({ state: "failed", reason: "NO_ACTIVE_ENDPOINT: the target: nobody is there" });
});
