/** The options that callers choose for a send, and the result of a confirmed one. */
import type { EndpointAddress } from "../../errors/errors.ts";

/** The result of a confirmed send. */
export interface SendResult {
  /** The message's stable id, which consumers see too. */
  readonly id: string;
  /** The endpoint that confirmed it. */
  readonly endpoint: EndpointAddress;
  /**
   * Whether the message was written to more than one session: Artemis dropped the second copy by its id, Classic may
   * have stored both.
   */
  readonly resent: boolean;
}

export interface SendLimits {
  /** The timeout of the send, in ms. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A text that is added to the error of a timeout, such as why nothing can be sent at all. */
  readonly hint?: (() => string) | undefined;
}

/** What to do with a send that cannot go on. */
export interface SendPolicy {
  /** For a send that was written and not answered when its session ended. */
  readonly inDoubt: "resend" | "fail";
  /** For a send that was not written while there is no session. */
  readonly whenInterrupted: "hold" | "reject";
  /** For a send that the broker refused because it is full. */
  readonly whenFull: "reject" | "hold";
}
