/** What the endpoints answered last, as a program that waits is told. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AttemptError, type AttemptErrorCode } from "../../../../src/errors/errors.ts";
import { EndpointAnswers } from "../../../../src/transport/search/endpoint-answers.ts";
import type { Endpoint } from "../../../../src/uri/endpoint.ts";

const endpoint: Endpoint = {
  scheme: "stomp",
  host: "a",
  port: 61613,
  options: {},
  credentials: { username: "u", password: "pl4nted" },
};
const answer = (code: AttemptErrorCode) => new AttemptError(code, `the answer ${code}`, { endpoint });
const OPEN = { unanswered: () => answer("ATTEMPT_TIMEOUT") };

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

describe("the answer of an endpoint", () => {
  it("says that it was not tried yet", () => {
    expect(new EndpointAnswers().told(endpoint, undefined)).toEqual({
      endpoint: { scheme: "stomp", host: "a", port: 61613 },
      code: "ATTEMPT_TIMEOUT",
      message: "stomp://a:61613 was not tried yet",
      since: undefined,
      attempts: 0,
      pending: false,
    });
  });

  it("is how far the attempt has come while it has answered none, since the first attempt", () => {
    const answers = new EndpointAnswers();
    answers.tried(endpoint);
    vi.setSystemTime(5_000);
    expect(answers.told(endpoint, OPEN)).toMatchObject({
      message: "the answer ATTEMPT_TIMEOUT",
      since: new Date(0),
      attempts: 1,
      pending: true,
    });
  });

  it("is the last one, since it began to answer so, with every attempt counted", () => {
    const answers = new EndpointAnswers();
    const codes = ["ENDPOINT_REFUSED", "ENDPOINT_CLOSED", "ENDPOINT_CLOSED"] as const;
    for (const [number, code] of codes.entries()) {
      vi.setSystemTime(1_000 * number);
      answers.tried(endpoint);
      answers.failed(endpoint, answer(code));
    }
    const told = { code: "ENDPOINT_CLOSED", since: new Date(1_000), attempts: 3, pending: false };
    expect(answers.told(endpoint, undefined)).toMatchObject(told);
    answers.tried(endpoint);
    expect(answers.told(endpoint, OPEN)).toMatchObject({ ...told, attempts: 4, pending: true });
  });
});
