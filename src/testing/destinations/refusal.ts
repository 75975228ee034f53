/** The error that both protocols answer with when the embedded group refuses something. */
import { UnsupportedError } from "../../errors/errors.ts";

/** AMQP 1.0 section 2.8.15 and following; in STOMP it is in the body of the ERROR frame. */
export type RefusalCondition =
  | "amqp:not-implemented"
  | "amqp:invalid-field"
  | "amqp:decode-error"
  | "amqp:not-allowed"
  | "amqp:not-found"
  | "amqp:resource-limit-exceeded"
  | "amqp:resource-locked"
  | "amqp:transaction:unknown-id"
  | "amqp:transaction:rollback"
  | "amqp:link:message-size-exceeded";

export class Refusal extends UnsupportedError {
  readonly condition: RefusalCondition;
  constructor(condition: RefusalCondition, message: string) {
    super(message);
    this.condition = condition;
  }

  /** For features that brokers have and the embedded group lacks. */
  static notDone(what: string): Refusal {
    return new Refusal(
      "amqp:not-implemented",
      `The embedded group does not do ${what}; test that against a real broker`,
    );
  }

  static override from(reason: unknown): Refusal {
    if (reason instanceof Refusal) return reason;
    return new Refusal("amqp:invalid-field", reason instanceof Error ? reason.message : String(reason));
  }
}
