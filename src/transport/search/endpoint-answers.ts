/** What each endpoint has answered in one search. */
import { type AttemptError, addressOf, type EndpointAddress, type ErrorCode } from "../../errors/errors.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import { untried } from "./attempt.ts";
import { identity } from "./endpoint-list.ts";

/** The last answer of one endpoint while a session is looked for. */
export interface EndpointAnswer {
  /** The endpoint. */
  readonly endpoint: EndpointAddress;
  /** Why the last attempt failed; also `ATTEMPT_TIMEOUT` for an endpoint that has not answered or was not tried yet. */
  readonly code: ErrorCode;
  /** The reason in words: what the endpoint answered, or how far the unanswered attempt has come. */
  readonly message: string;
  /**
   * When the first of the answers in a row with this code came, or when the first attempt began; undefined if the
   * endpoint was not tried yet.
   */
  readonly since: Date | undefined;
  /** How often the endpoint was tried since the waiting began, including an attempt under way. */
  readonly attempts: number;
  /** Whether an attempt is under way that the endpoint has not answered yet. */
  readonly pending: boolean;
}

interface EndpointRecord {
  attempts: number;
  error: AttemptError | undefined;
  since: Date;
}

/** An attempt under way, which can say how far it has come. */
interface OpenAttempt {
  unanswered(): AttemptError;
}

/** Keeps one record for each endpoint of the group. */
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

  /** Returns why the last finished attempt failed. */
  errorOf(endpoint: Endpoint): AttemptError | undefined {
    return this.#records.get(identity(endpoint))?.error;
  }

  /** Returns the last answer of an endpoint; if it has not answered, how far the attempt at it has come. */
  lastOf(endpoint: Endpoint, open: OpenAttempt | undefined): AttemptError {
    return this.errorOf(endpoint) ?? open?.unanswered() ?? untried(endpoint);
  }

  /** Returns the same in the form that users get. */
  told(endpoint: Endpoint, open: OpenAttempt | undefined): EndpointAnswer {
    const { code, message } = this.lastOf(endpoint, open);
    const { attempts = 0, since } = this.#records.get(identity(endpoint)) ?? {};
    return { endpoint: addressOf(endpoint), code, message, since, attempts, pending: open !== undefined };
  }
}
