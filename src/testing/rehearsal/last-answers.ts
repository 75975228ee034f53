/** Remembers what each endpoint of a group answered last, and reports only changes. */
import { type AttemptError, type EndpointAddress, formatAddress } from "../../errors/errors.ts";

/** Brokers may name further endpoints; beyond this number the oldest answer is forgotten. */
const MAX_ENDPOINTS = 100;

export class LastAnswers {
  readonly #onChange: ((endpoint: EndpointAddress, answer: "session" | Error) => void) | undefined;
  readonly #answers = new Map<string, "session" | AttemptError>();

  constructor(onChange?: (endpoint: EndpointAddress, answer: "session" | Error) => void) {
    this.#onChange = onChange;
  }

  note(endpoint: EndpointAddress, answer: "session" | AttemptError): void {
    // The endpoint did not answer: another one finished its handshake first.
    if (answer !== "session" && answer.code === "ATTEMPT_SUPERSEDED") return;
    const key = formatAddress(endpoint);
    const before = this.#answers.get(key);
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    if (this.#answers.size > MAX_ENDPOINTS) this.#answers.delete(this.#answers.keys().next().value ?? key);
    if (textOf(before) !== textOf(answer)) this.#onChange?.(endpoint, answer);
  }

  /** The last answers that were failures. */
  get failures(): readonly AttemptError[] {
    return [...this.#answers.values()].filter((answer) => answer !== "session");
  }
}

function textOf(answer: "session" | AttemptError | undefined): string | undefined {
  return typeof answer === "object" ? answer.message : answer;
}
