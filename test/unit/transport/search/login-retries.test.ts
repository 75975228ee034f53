import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AuthenticationError } from "../../../../src/errors/errors.ts";
import type { Session, SessionEnd } from "../../../../src/transport/dial/session.ts";
import { FailoverTransport } from "../../../../src/transport/failover-transport.ts";
import { LoginRetries } from "../../../../src/transport/search/login-retries.ts";
import type { Endpoint } from "../../../../src/uri/endpoint.ts";
import { SETTINGS } from "../../../support/toy-group.ts";

const ENDPOINTS: readonly Endpoint[] = ["a", "b", "c"].map((host) => ({ scheme: "tcp", host, port: 1, options: {} }));
const denied = (endpoint = ENDPOINTS[0] as Endpoint) => new AuthenticationError("denied", { endpoint });

describe("the waits after refused logins", () => {
  it("are 1, 2, 4, 8, 16 and then 30 s, and begin anew after a good login", () => {
    const logins = new LoginRetries(600_000);
    const waits: number[] = [];
    for (let now = 0; waits.length < 8; now += waits.at(-1) ?? 0) {
      logins.refused(denied(), now);
      waits.push(logins.waitMs(now));
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    logins.good();
    logins.refused(denied(), 1_000_000);
    expect(logins.waitMs(1_000_000)).toBe(1_000);
  });

  it("add up for logins that were under way together", () => {
    const logins = new LoginRetries(60_000);
    for (const endpoint of ENDPOINTS) logins.refused(denied(endpoint), 0);
    expect(logins.waitMs(0)).toBe(7_000);
    expect(logins.refusedBy).toMatchObject({ host: "c" });
  });

  it("go on after a round without a refusal, and are not over then", () => {
    const logins = new LoginRetries(3_000);
    logins.refused(denied(), 0);
    logins.noneRefused();
    logins.refused(denied(), 3_000);
    expect([logins.over, logins.waitMs(3_000)]).toEqual([false, 2_000]);
    logins.refused(denied(), 6_000);
    expect(logins.over).toBe(true);
  });
});

describe("a group whose members all refuse a login that was good", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Answers after `delayMs`; `logins` are the times at which one was asked, from the loss on. */
  async function lost(delayMs: number, authRetryMs = 60_000) {
    const logins: number[] = [];
    const told: number[] = [];
    let lose: (end: SessionEnd) => void = () => {};
    let lostAt: number | undefined;
    const open = async (endpoint: Endpoint, { turn }: { turn(): Promise<void> }): Promise<Session> => {
      await turn();
      if (lostAt !== undefined) logins.push(performance.now() - lostAt);
      if (lostAt !== undefined) {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        throw denied(endpoint);
      }
      const ended = new Promise<SessionEnd>((resolve) => (lose = resolve));
      return { ended, useful: true, close: async () => {}, destroy: () => {} };
    };
    const observer = {
      established: () => {},
      interrupted: () => {},
      restored: () => {},
      ended: () => {},
      loginRefused: (_error: unknown, retryInMs: number) => void told.push(retryInMs),
    };
    const transport = new FailoverTransport({
      endpoints: ENDPOINTS,
      open,
      observer,
      settings: { ...SETTINGS, authRetryMs },
    });
    const connected = transport.connect();
    await vi.advanceTimersByTimeAsync(10);
    await connected;
    lostAt = performance.now();
    lose({ error: denied(), atMs: lostAt });
    return { transport, logins, told };
  }

  it("is asked no more than 7 times a minute, over all endpoints together, and each refusal is told", async () => {
    const { transport, logins, told } = await lost(0);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(transport.state.name).toBe("interrupted");
    await vi.advanceTimersByTimeAsync(11_000);
    expect(logins.map((ms) => Math.floor(ms / 1_000))).toEqual([0, 1, 3, 7, 15, 31, 61]);
    expect(told.map((ms) => Math.round(ms / 1_000))).toEqual([1, 2, 4, 8, 16, 30]);
    expect(transport.state).toMatchObject({ name: "closed", lastError: { code: "AUTHENTICATION_FAILED" } });
  });

  it.each([100, 300, 1_000])("is not asked more often by answers that take %i ms", async (delayMs) => {
    const { transport, logins } = await lost(delayMs, 600_000);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(logins.length).toBeGreaterThan(10);
    const busiest = Math.max(...logins.map((from) => logins.filter((ms) => ms >= from && ms < from + 60_000).length));
    expect(busiest).toBeLessThanOrEqual(7);
    await Promise.all([transport.close(AbortSignal.timeout(1)), vi.advanceTimersByTimeAsync(10)]);
  });
});
