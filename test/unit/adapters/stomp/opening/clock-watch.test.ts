import { afterEach, describe, expect, it, vi } from "vitest";
import { ClockWatch } from "../../../../../src/adapters/stomp/opening/clock-watch.ts";
import type { ConnectionWarning } from "../../../../../src/messaging/port/adapter-settings.ts";
import { headerBlock } from "../header-block-of.ts";

const NOW = 1_700_000_000_000;
const HOUR_MS = 3_600_000;

function watched() {
  const warnings: string[] = [];
  const endpoint = { scheme: "stomp", host: "broker", port: 61_613, options: {} } as const;
  const onWarning = ({ code, message }: ConnectionWarning) => warnings.push(`${code} ${message}`);
  const peer = { endpoint, onWarning };
  const watch = new ClockWatch();
  const message = (timestamp: number | string) =>
    watch.noteMessage(headerBlock({ timestamp: String(timestamp) }), peer);
  return { warnings, message, timeToLive: () => watch.noteTimeToLive(peer) };
}

const told = () => Promise.resolve();

afterEach(() => vi.useRealTimers());

describe("a clock that is behind", () => {
  it("is told once, with the difference, when a message with a time to live is sent, before or after, and not in the middle of that send", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: NOW });
    for (const first of ["message", "timeToLive"] as const) {
      const { warnings, ...watch } = watched();
      if (first === "message") watch.message(NOW + HOUR_MS);
      watch.timeToLive();
      if (first === "timeToLive") watch.message(NOW + HOUR_MS);
      for (let n = 0; n < 3_000; n++) watch.message(NOW + 2 * HOUR_MS);
      expect(warnings).toEqual([]);
      await told();
      expect(warnings).toEqual([
        expect.stringMatching(/^CLOCK_BEHIND .* at least 3600000 ms behind .*stomp:\/\/broker/),
      ]);
    }
  });

  it("is not told where nothing is sent with a time to live", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: NOW });
    const { warnings, message } = watched();
    message(NOW + HOUR_MS);
    await told();
    expect(warnings).toEqual([]);
  });

  it.each([[NOW], [NOW + 900], [NOW - HOUR_MS], [0], [""], ["soon"], [NaN]])(
    "is not seen in the stamp %s, which proves nothing",
    async (timestamp) => {
      vi.useFakeTimers({ toFake: ["Date"], now: NOW });
      const { warnings, message, timeToLive } = watched();
      timeToLive();
      message(timestamp);
      await told();
      expect(warnings).toEqual([]);
    },
  );

  it("is found out later too: a message in a thousand is looked at", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: NOW });
    const { warnings, message, timeToLive } = watched();
    timeToLive();
    for (let n = 0; n < 10; n++) message(NOW);
    for (let n = 0; n < 1_100; n++) message(NOW + HOUR_MS);
    await told();
    expect(warnings).toHaveLength(1);
  });
});
