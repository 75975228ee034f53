/** One attempt: its deadline, its one outcome, and what becomes of anything thrown. */
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { AttemptError, AuthenticationError, SessionLostError } from "../../../../src/errors/errors.ts";
import type { OpenSession, Session } from "../../../../src/transport/dial/session.ts";
import { SpeakingTurns } from "../../../../src/transport/dial/speaking-turns.ts";
import { Attempt, type AttemptOutcome } from "../../../../src/transport/search/attempt.ts";
import { ToyClient, toyEndpoint } from "../../../support/toy-client.ts";
import { until } from "../../../support/toy-group.ts";
import { toyServer } from "../../../support/toy-server.ts";

const endpoint = toyEndpoint(61_613, "broker");
const LIMITS = { attemptTimeout: 5_000, attemptStagger: 250 };

/** Makes an attempt; `outcomes` fills as they come. */
function attempt<S extends Session>(open: OpenSession<S>, limits = LIMITS, at = endpoint) {
  const outcomes: AttemptOutcome<S>[] = [];
  const turns = new SpeakingTurns(limits.attemptStagger);
  const made = new Attempt(at, open, limits, turns, (_, outcome) => outcomes.push(outcome));
  return { made, outcomes, turns };
}

/** The error of an attempt whose `open` throws `reason`. */
async function failureOf(reason: unknown): Promise<AttemptError> {
  const { outcomes } = attempt(() => Promise.reject(reason));
  await until(() => outcomes.length > 0);
  const [outcome] = outcomes;
  if (outcome?.kind !== "failed") throw new Error("It did not fail");
  return outcome.error;
}

describe("an attempt", () => {
  it("says nothing within its constructor, and one thing afterwards", async () => {
    const { made, outcomes } = attempt(() => {
      throw new AttemptError("ENDPOINT_REFUSED", "at once", { endpoint });
    });
    expect(outcomes).toEqual([]);
    expect(made.answered).toBe(false);
    await until(() => made.answered);
    made.cancel(new AttemptError("ATTEMPT_SUPERSEDED", "too late", { endpoint }));
    expect(outcomes).toMatchObject([{ kind: "failed", error: { code: "ENDPOINT_REFUSED" } }]);
  });

  it.each<["silent" | "half", string]>([
    ["silent", "its handshake unanswered"],
    ["half", "its handshake unanswered"],
  ])("has one deadline for dial and handshake and says how far it came: %s", async (mode, stage) => {
    const server = await toyServer(mode);
    const limits = { ...LIMITS, attemptTimeout: 150 };
    const { made, outcomes } = attempt(new ToyClient().open, limits, server.endpoint);
    await until(() => server.hellos.length > 0);
    expect(made.unanswered().message).toContain(`has not answered yet (connected, ${stage})`);
    await until(() => outcomes.length > 0);
    expect(outcomes[0]).toMatchObject({ error: { code: "ATTEMPT_TIMEOUT", verdict: "next" } });
    expect(outcomes[0]?.kind === "failed" && outcomes[0].error.message).toContain(
      `attemptTimeout=150 ms (connected, ${stage})`,
    );
    await until(() => server.open.size === 0);
  });

  it("says that it waits for its turn", async () => {
    const server = await toyServer("welcome");
    const turns = new SpeakingTurns(60_000);
    await turns.take({});
    const outcomes: AttemptOutcome<Session>[] = [];
    const made = new Attempt(server.endpoint, new ToyClient().open, LIMITS, turns, (_, outcome) =>
      outcomes.push(outcome),
    );
    await until(() => made.unanswered().message.includes("waiting for its turn"));
    made.cancel(new AttemptError("ATTEMPT_SUPERSEDED", "given up", { endpoint }));
    await until(() => server.connects === 1 && server.open.size === 0);
    turns.end();
    expect(server.hellos).toEqual([]);
    expect(outcomes).toHaveLength(1);
  });

  it("clears its deadline when it has answered", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = timers();
    const { made } = attempt(() => Promise.reject(new AttemptError("ENDPOINT_CLOSED", "closed", { endpoint })));
    expect(timers()).toBe(before + 1);
    while (!made.answered) await new Promise((resolve) => setImmediate(resolve));
    expect(timers()).toBe(before);
  });
});

describe("what an attempt makes of a rejection", () => {
  it.each([
    new AttemptError("WRONG_PROTOCOL", "speaks OpenWire", { endpoint }),
    new AuthenticationError("refused", { endpoint }),
  ])("keeps an attempt error as it is: $code", async (error) => {
    expect(await failureOf(error)).toBe(error);
  });

  it("goes on after a system error of Node's, such as a connect of one's own rejects with", async () => {
    const { endpoint: closedPort } = await toyServer("refuse");
    const refused = await new Promise((resolve) => connect(closedPort.port, "127.0.0.1").once("error", resolve));
    expect(await failureOf(refused)).toMatchObject({ code: "ENDPOINT_REFUSED", verdict: "next", cause: refused });
  });

  it("goes on when the socket was lost in the middle of the handshake", async () => {
    const lost = new SessionLostError("SESSION_LOST", "The connection broke");
    expect(await failureOf(lost)).toMatchObject({ code: "ENDPOINT_CLOSED", verdict: "next", cause: lost });
  });

  it.each([[new TypeError("x is not a function")], ["just text"], [undefined]])(
    "stops at a mistake of the code that opens sessions: %s",
    async (reason) => {
      const error = await failureOf(reason);
      expect(error).toMatchObject({ code: "INTERNAL", verdict: "stop", endpoint: { host: "broker", port: 61_613 } });
      expect(error.cause).toBe(reason);
    },
  );
});
