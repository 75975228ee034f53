/** Rounds over real endpoints: who is dialled, who is asked, who wins. */
import { describe, expect, it, onTestFinished } from "vitest";
import { AttemptError } from "../../../../src/errors/errors.ts";
import { blackHole } from "../../../../src/testing/black-hole.ts";
import type { OpenSession, Session, SessionEnd } from "../../../../src/transport/dial/session.ts";
import type { AttemptOutcome } from "../../../../src/transport/search/attempt.ts";
import { Search } from "../../../../src/transport/search/search.ts";
import type { Endpoint } from "../../../../src/uri/endpoint.ts";
import { ToyClient, type ToySession, toyEndpoint } from "../../../support/toy-client.ts";
import { until } from "../../../support/toy-group.ts";
import { type ToyMode, toyServer } from "../../../support/toy-server.ts";

const LIMITS = { attemptTimeout: 10_000, attemptStagger: 150 };
const ONE_MORE = { last: false };

interface Answer {
  readonly port: number;
  readonly outcome: string;
}

/** A search with its answers written down; ended with the test. */
function searching<S extends Session>(open: OpenSession<S>, limits: Partial<typeof LIMITS> = {}) {
  const answers: Answer[] = [];
  const search = new Search<S>(
    open,
    { ...LIMITS, ...limits },
    {
      onAttempt: ({ port }: Endpoint, outcome: AttemptOutcome<S>) =>
        answers.push({ port, outcome: outcome.kind === "session" ? "session" : outcome.error.code }),
      stopsAt: () => true,
      onRefused: () => {},
    },
  );
  onTestFinished(() => search.end());
  return { search, answers };
}

function toySearch(limits: Partial<typeof LIMITS> = {}) {
  const client = new ToyClient();
  onTestFinished(() => {
    for (const session of client.sessions) session.socket.destroy();
  });
  return { client, ...searching<ToySession>(client.open, limits) };
}

/** How long `act` takes as a multiple of the stagger. */
async function inStaggers(act: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await act();
  return (performance.now() - from) / LIMITS.attemptStagger;
}

describe("a round", () => {
  it("sends no SYN to the second endpoint when the first answers in time", async () => {
    const [first, second] = [await toyServer({ answersAfterMs: 40 }), await toyServer("welcome")];
    const { search, client, answers } = toySearch({ attemptStagger: 2_000 });
    const result = await search.round([first.endpoint, second.endpoint], ONE_MORE);
    expect(result).toMatchObject({ kind: "session", endpoint: first.endpoint });
    search.end();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(second.connects).toBe(0);
    expect(client.dials).toEqual([first.endpoint.port]);
    expect(answers).toEqual([{ port: first.endpoint.port, outcome: "session" }]);
  });

  it.each<[ToyMode | "refuse", string]>([
    ["refuse", "ENDPOINT_REFUSED"],
    ["close", "ENDPOINT_CLOSED"],
    ["reset", "ENDPOINT_CLOSED"],
    ["garbage", "PROTOCOL_ERROR"],
    ["openwire", "WRONG_PROTOCOL"],
  ])("asks the second at once when the first answers no: %s", async (mode, code) => {
    const [first, second] = [await toyServer(mode), await toyServer("welcome")];
    const { search, answers } = toySearch({ attemptStagger: 5_000 });
    const result = await search.round([first.endpoint, second.endpoint], ONE_MORE);
    expect(result).toMatchObject({ kind: "session", endpoint: second.endpoint });
    expect(answers).toEqual([
      { port: first.endpoint.port, outcome: code },
      { port: second.endpoint.port, outcome: "session" },
    ]);
  });

  it.each<ToyMode>(["silent", "half"])(
    "dials the second after a stagger when the first says too little: %s",
    async (mode) => {
      const [first, second] = [await toyServer(mode), await toyServer("welcome")];
      const { search, answers } = toySearch();
      const staggers = await inStaggers(async () => {
        const result = await search.round([first.endpoint, second.endpoint], ONE_MORE);
        expect(result).toMatchObject({ kind: "session", endpoint: second.endpoint });
      });
      expect(staggers).toBeGreaterThan(0.9);
      search.end();
      expect(answers.at(-1)).toEqual({ port: first.endpoint.port, outcome: "ATTEMPT_SUPERSEDED" });
      await until(() => first.open.size === 0);
    },
  );

  it("goes on at a host name that does not resolve", async () => {
    const second = await toyServer("welcome");
    const { search, answers } = toySearch({ attemptStagger: 5_000 });
    const unknown = toyEndpoint(61_613, "no-such-host.invalid");
    const result = await search.round([unknown, second.endpoint], ONE_MORE);
    expect(result.kind).toBe("session");
    expect(answers[0]).toEqual({ port: 61_613, outcome: "ENDPOINT_UNKNOWN" });
  });

  it("starts each time at the first endpoint", async () => {
    const servers = [await toyServer("close"), await toyServer("refuse"), await toyServer("close")];
    const { search, client } = toySearch();
    const endpoints = servers.map(({ endpoint }) => endpoint);
    for (let round = 0; round < 3; round += 1) await search.round(endpoints, ONE_MORE);
    const ports = endpoints.map(({ port }) => port);
    expect(client.dials).toEqual([...ports, ...ports, ...ports]);
  });

  it("lists the last answer of every endpoint, of those still open too, in list order", async () => {
    const servers = [await toyServer("silent"), await toyServer("refuse"), await toyServer("close")];
    const { search } = toySearch({ attemptStagger: 60 });
    const endpoints = servers.map(({ endpoint }) => endpoint);
    const result = await search.round(endpoints, ONE_MORE);
    expect(result).toMatchObject({
      kind: "failed",
      stop: undefined,
      failures: [
        {
          code: "ATTEMPT_TIMEOUT",
          endpoint: { port: endpoints[0]?.port },
          message: expect.stringContaining("not answered yet"),
        },
        { code: "ENDPOINT_REFUSED", endpoint: { port: endpoints[1]?.port } },
        { code: "ENDPOINT_CLOSED", endpoint: { port: endpoints[2]?.port } },
      ],
    });
  });

  it("waits for every answer when it is the last", async () => {
    const [first, second] = [await toyServer({ answersAfterMs: 400 }), await toyServer("refuse")];
    const { search } = toySearch({ attemptStagger: 40 });
    const result = await search.round([first.endpoint, second.endpoint], { last: true });
    expect(result).toMatchObject({ kind: "session", endpoint: first.endpoint });
  });

  it("ends with the reason of every endpoint when it is the last", async () => {
    const [first, second] = [await toyServer("silent"), await toyServer("refuse")];
    const { search } = toySearch({ attemptStagger: 40, attemptTimeout: 200 });
    const result = await search.round([first.endpoint, second.endpoint], { last: true });
    expect(result).toMatchObject({ failures: [{ code: "ATTEMPT_TIMEOUT" }, { code: "ENDPOINT_REFUSED" }] });
    expect(result.kind === "failed" && result.failures[0]?.message).toContain("attemptTimeout=200 ms");
  });
});

describe("an attempt that does not answer", () => {
  it("costs one stagger once, delays no later round and is not dialled twice while it is open", async () => {
    const [hole, second] = [await blackHole(), await toyServer("refuse")];
    onTestFinished(() => hole.close());
    const endpoints = [toyEndpoint(hole.port), second.endpoint];
    const { search, client } = toySearch({ attemptStagger: 400 });
    const from = performance.now();
    await search.round(endpoints, ONE_MORE);
    const firstRoundMs = performance.now() - from;
    expect(firstRoundMs).toBeGreaterThan(390);
    const again = performance.now();
    for (let round = 0; round < 10; round += 1) await search.round(endpoints, ONE_MORE);
    // Ten rounds that waited for it would take four seconds.
    expect(performance.now() - again).toBeLessThan(firstRoundMs * 2);
    expect(client.dials.filter((port) => port === hole.port)).toHaveLength(1);
    expect(client.dialsOf(second)).toBe(11);
  });

  it("is dialled again once its own deadline has passed", async () => {
    const silent = await toyServer("silent");
    const { search, client, answers } = toySearch({ attemptStagger: 30, attemptTimeout: 120 });
    await search.round([silent.endpoint], ONE_MORE);
    // Nobody is left to dial: this round waits for the answer.
    await search.round([silent.endpoint], ONE_MORE);
    expect(answers).toEqual([{ port: silent.endpoint.port, outcome: "ATTEMPT_TIMEOUT" }]);
    await search.round([silent.endpoint], ONE_MORE);
    expect(client.dialsOf(silent)).toBe(2);
  });

  it("gets twice the time at each attempt that was accepted and not answered, and no more than eight times", async () => {
    const silent = await toyServer("silent");
    const { search, answers } = toySearch({ attemptTimeout: 40, attemptStagger: 0 });
    const timeOuts: number[] = [];
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const from = performance.now();
      await search.round([silent.endpoint], ONE_MORE);
      timeOuts.push(performance.now() - from);
    }
    expect(answers.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 5 }, () => "ATTEMPT_TIMEOUT"));
    const least = [40, 80, 160, 320, 320];
    for (const [index, took] of timeOuts.entries()) expect(took).toBeGreaterThanOrEqual((least[index] ?? 0) - 2);
    // Eight times, not sixteen: generous, for only a further doubling is to be told from it.
    expect((timeOuts[4] ?? 0) / (timeOuts[3] ?? 1)).toBeLessThan(1.8);
  });

  it("gets no more time where nobody accepts", async () => {
    const hole = await blackHole();
    onTestFinished(() => hole.close());
    const { search } = toySearch({ attemptTimeout: 100, attemptStagger: 0 });
    const timeOuts: number[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const from = performance.now();
      await search.round([toyEndpoint(hole.port)], ONE_MORE);
      timeOuts.push(performance.now() - from);
    }
    expect((timeOuts[2] ?? 0) / (timeOuts[0] ?? 1)).toBeLessThan(2);
  });

  it("is carried into later rounds and may win there", async () => {
    const [slow, second] = [await toyServer({ answersAfterMs: 400 }), await toyServer("refuse")];
    const { search, client } = toySearch({ attemptStagger: 40 });
    const endpoints = [slow.endpoint, second.endpoint];
    let result = await search.round(endpoints, ONE_MORE);
    for (; result.kind === "failed"; result = await search.round(endpoints, ONE_MORE)) await search.pause(10);
    expect(result).toMatchObject({ kind: "session", endpoint: slow.endpoint });
    expect(client.dialsOf(slow)).toBe(1);
    expect(client.dialsOf(second)).toBeGreaterThan(2);
  });

  it("wins while the policy waits: the pause ends with it and nobody else is dialled", async () => {
    const [slow, second] = [await toyServer({ answersAfterMs: 300 }), await toyServer("refuse")];
    const { search, client } = toySearch({ attemptStagger: 40 });
    const endpoints = [slow.endpoint, second.endpoint];
    await search.round(endpoints, ONE_MORE);
    const from = performance.now();
    await search.pause(60_000);
    expect(performance.now() - from).toBeLessThan(30_000);
    expect(await search.round(endpoints, ONE_MORE)).toMatchObject({ kind: "session", endpoint: slow.endpoint });
    expect(client.dials).toHaveLength(2);
  });

  it("is waited for with a stagger of 0: strictly one at a time", async () => {
    const [slow, second] = [await toyServer({ answersAfterMs: 300 }), await toyServer("welcome")];
    const { search } = toySearch({ attemptStagger: 0 });
    expect(await search.round([slow.endpoint, second.endpoint], ONE_MORE)).toMatchObject({ endpoint: slow.endpoint });
    expect(second.connects).toBe(0);
  });

  it("is followed only after its deadline with a stagger of 0", async () => {
    const [silent, second] = [await toyServer("silent"), await toyServer("welcome")];
    const { search, answers } = toySearch({ attemptStagger: 0, attemptTimeout: 150 });
    expect(await search.round([silent.endpoint, second.endpoint], ONE_MORE)).toMatchObject({
      endpoint: second.endpoint,
    });
    expect(answers.map(({ outcome }) => outcome)).toEqual(["ATTEMPT_TIMEOUT", "session"]);
  });
});

describe("turns to speak", () => {
  it("lets the second speak only when the first has been silent for a stagger after its own word", async () => {
    const [silent, second] = [await toyServer("silent"), await toyServer("welcome")];
    const { search } = toySearch({ attemptStagger: 200 });
    await search.round([silent.endpoint, second.endpoint], ONE_MORE);
    const gap = (second.hellos[0] ?? 0) - (silent.hellos[0] ?? 0);
    expect(gap).toBeGreaterThan(190);
  });

  it("keeps the connected second from speaking when the first succeeds or stops the search", async () => {
    for (const outcome of ["session", "stop"] as const) {
      const spoke: number[] = [];
      let secondConnects: () => void = () => {};
      const secondConnected = new Promise<void>((resolve) => {
        secondConnects = resolve;
      });
      const open: OpenSession<Session> = async (endpoint, { turn }) => {
        if (endpoint.port === 1) await secondConnected;
        else secondConnects();
        // The first takes its turn a moment before the second, and answers well within its stagger.
        if (endpoint.port === 2) await new Promise((resolve) => setTimeout(resolve, 5));
        await turn();
        spoke.push(endpoint.port);
        await new Promise((resolve) => setTimeout(resolve, 30));
        if (outcome === "stop") throw new AttemptError("INTERNAL", "stops", { endpoint, verdict: "stop" });
        return quietSession();
      };
      const { search } = searching(open, { attemptStagger: 300 });
      const result = await search.round([toyEndpoint(1), toyEndpoint(2)], ONE_MORE);
      expect(result).toMatchObject(
        outcome === "stop" ? { stop: { message: "stops" } } : { kind: "session", endpoint: { port: 1 } },
      );
      search.end();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(spoke).toEqual([1]);
    }
  });
});

/** A session without a socket, which remembers who destroyed it. */
function quietSession(): Session & { readonly destroyed: () => string | undefined } {
  let resolveEnded: (end: SessionEnd) => void = () => {};
  let code: string | undefined;
  return {
    ended: new Promise((resolve) => {
      resolveEnded = resolve;
    }),
    useful: false,
    close: () => Promise.resolve(),
    destroy: (error) => {
      code = error.code;
      resolveEnded({ error, atMs: performance.now() });
    },
    destroyed: () => code,
  };
}

describe("never two sessions", () => {
  it("takes the earlier listed of two handshakes that finish in the same turn, and destroys the other", async () => {
    const sessions = [quietSession(), quietSession()];
    const finish: (() => void)[] = [];
    const open: OpenSession<Session> = async (endpoint, { turn }) => {
      await turn();
      await new Promise<void>((resolve) => {
        finish[endpoint.port] = resolve;
      });
      return sessions[endpoint.port] as Session;
    };
    const { search, answers } = searching(open, { attemptStagger: 20 });
    const round = search.round([toyEndpoint(0), toyEndpoint(1)], { last: true });
    await until(() => finish[0] !== undefined && finish[1] !== undefined);
    // The later listed first: the order of the list decides, not that of the answers.
    finish[1]?.();
    finish[0]?.();
    const result = await round;
    expect(result).toMatchObject({ kind: "session", endpoint: { port: 0 } });
    search.end();
    expect(sessions.map((session) => session.destroyed())).toEqual([undefined, "ATTEMPT_SUPERSEDED"]);
    expect(answers).toEqual([
      { port: 0, outcome: "session" },
      { port: 1, outcome: "ATTEMPT_SUPERSEDED" },
    ]);
  });

  it("destroys a session that comes when the search is over", async () => {
    const late = quietSession();
    let finish: () => void = () => {};
    const { search, answers } = searching(
      async () => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return late as Session;
      },
      { attemptStagger: 10 },
    );
    await search.round([toyEndpoint(1)], ONE_MORE);
    search.end();
    expect(answers).toEqual([{ port: 1, outcome: "ATTEMPT_SUPERSEDED" }]);
    finish();
    await late.ended;
    expect(late.destroyed()).toBe("ATTEMPT_SUPERSEDED");
    expect(answers).toHaveLength(1);
  });

  it("closes the loser's socket", async () => {
    const [slow, second] = [await toyServer({ answersAfterMs: 700 }), await toyServer("welcome")];
    const { search, client } = toySearch({ attemptStagger: 60 });
    expect(await search.round([slow.endpoint, second.endpoint], ONE_MORE)).toMatchObject({ endpoint: second.endpoint });
    search.end();
    await until(() => slow.open.size === 0);
    expect(second.open.size).toBe(1);
    expect(client.sessions).toHaveLength(1);
  });
});

describe("a verdict stop", () => {
  it("ends the round at once, and contacts no further endpoint", async () => {
    const [first, second] = [await toyServer("denied"), await toyServer("welcome")];
    const { search, client } = toySearch();
    const result = await search.round([first.endpoint, second.endpoint], ONE_MORE);
    expect(result).toMatchObject({ kind: "failed", stop: { code: "AUTHENTICATION_FAILED" } });
    expect(client.dials).toEqual([first.endpoint.port]);
    expect(second.connects).toBe(0);
  });

  it("is not forgotten when it comes while the policy waits", async () => {
    const open: OpenSession<Session> = async (endpoint) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      throw new AttemptError("INTERNAL", "no other will do", { endpoint, verdict: "stop" });
    };
    let dials = 0;
    const { search } = searching(
      (endpoint, context) => {
        dials += 1;
        return open(endpoint, context);
      },
      { attemptStagger: 20 },
    );
    expect(await search.round([toyEndpoint(1)], ONE_MORE)).toMatchObject({ stop: undefined });
    await search.pause(60_000);
    expect(await search.round([toyEndpoint(1)], ONE_MORE)).toMatchObject({ stop: { message: "no other will do" } });
    expect(dials).toBe(1);
  });
});

describe("the end of a search", () => {
  it("settles every wait, gives up every attempt and leaves neither timer nor socket", async () => {
    const servers = [await toyServer("silent"), await toyServer("half")];
    const { search, answers } = toySearch({ attemptStagger: 30 });
    const endpoints = servers.map(({ endpoint }) => endpoint);
    await search.round(endpoints, ONE_MORE);
    const waiting = [search.pause(60_000), search.round(endpoints, ONE_MORE)];
    search.end();
    search.end();
    await Promise.all(waiting);
    expect(answers.map(({ outcome }) => outcome)).toEqual(["ATTEMPT_SUPERSEDED", "ATTEMPT_SUPERSEDED"]);
    await until(() => servers.every(({ open }) => open.size === 0));
    expect(process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap")).toEqual([]);
  });
});
