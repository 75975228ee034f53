/** What the endpoints have answered in one search. */
import { type AttemptError, addressOf, type EndpointAddress, type ErrorCode } from "../../errors/errors.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import { untried } from "./attempt.ts";
import { identity } from "./endpoint-list.ts";

/** What one endpoint answered last, while a session is looked for. */
export interface EndpointAnswer {
  /** Who answered, or should. */
  readonly endpoint: EndpointAddress;
  /** Why the last attempt failed; `ATTEMPT_TIMEOUT` also for an endpoint that has not answered or was not tried yet. */
  readonly code: ErrorCode;
  /** The same in words: what it answered, or how far the attempt has come that it has not answered. */
  readonly message: string;
  /** Since when this is so: the first answer in a row with this code, or the first attempt; undefined for one that was not tried yet. */
  readonly since: Date | undefined;
  /** How often it was tried since the waiting began, an attempt that is under way included. */
  readonly attempts: number;
  /** An attempt is under way that the endpoint has not answered yet. */
  readonly pending: boolean;
}

interface EndpointRecord {
  attempts: number;
  error: AttemptError | undefined;
  since: Date;
}

/** An attempt that is under way: how far it has come. */
interface OpenAttempt {
  unanswered(): AttemptError;
}

/** One record for each endpoint of the group, so as many as there are endpoints. */
export class EndpointAnswers {
  readonly #records = new Map<string, EndpointRecord>();

  /** An attempt begins. */
  tried(endpoint: Endpoint): void {
    const record = this.#records.get(identity(endpoint));
    if (record) record.attempts += 1;
    else this.#records.set(identity(endpoint), { attempts: 1, error: undefined, since: new Date() });
  }

  /** An attempt failed. */
  failed(endpoint: Endpoint, error: AttemptError): void {
    const record = this.#records.get(identity(endpoint));
    if (!record) return;
    if (record.error?.code !== error.code) record.since = new Date();
    record.error = error;
  }

  /** Why the last finished attempt failed. */
  errorOf(endpoint: Endpoint): AttemptError | undefined {
    return this.#records.get(identity(endpoint))?.error;
  }

  /** What one endpoint said last; for one that has said nothing, how far the attempt at it has come. */
  lastOf(endpoint: Endpoint, open: OpenAttempt | undefined): AttemptError {
    return this.errorOf(endpoint) ?? open?.unanswered() ?? untried(endpoint);
  }

  /** The same, as the user is told. */
  told(endpoint: Endpoint, open: OpenAttempt | undefined): EndpointAnswer {
    const { code, message } = this.lastOf(endpoint, open);
    const { attempts = 0, since } = this.#records.get(identity(endpoint)) ?? {};
    return { endpoint: addressOf(endpoint), code, message, since, attempts, pending: open !== undefined };
  }
}
