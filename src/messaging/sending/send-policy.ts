/** What callers say of a send, and what a confirmed one resolves with. */
import type { EndpointAddress } from "../../errors/errors.ts";

/** What a confirmed send resolves with. */
export interface SendResult {
  /** The message's stable id, which consumers see too. */
  readonly id: string;
  /** The endpoint that confirmed it. */
  readonly endpoint: EndpointAddress;
  /** It was written to more than one session: Artemis dropped the second copy by its id, Classic may hold both. */
  readonly resent: boolean;
}

export interface SendLimits {
  /** Give up after so long, ms. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What a time-out adds to its error, such as why nothing can be sent at all. */
  readonly hint?: (() => string) | undefined;
}

/** What becomes of a send that cannot go on as it is. */
export interface SendPolicy {
  /** Written and not answered when its session ended. */
  readonly inDoubt: "resend" | "fail";
  /** Not written while there is no session. */
  readonly whenInterrupted: "hold" | "reject";
  /** Refused by the broker for want of room. */
  readonly whenFull: "reject" | "hold";
}
