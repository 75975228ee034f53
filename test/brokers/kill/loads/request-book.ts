/**
 * Records requests: each must get its own reply, or be rejected with a typed error, but never because a reply was lost.
 */
import { MasterSlaveError } from "../../../../src/errors/errors.ts";
import { type LoadFindings, NO_FINDINGS } from "./load.ts";
import { Rejections } from "./rejections.ts";

interface Request {
  /** Requests whose replies are lost with their session. */
  readonly temporary: boolean;
  answers: number;
  state: "open" | "replied" | { readonly rejected: string };
}

export class RequestBook {
  /** The requests, at the index number - 1. */
  readonly #requests: Request[] = [];
  readonly #rejections: Rejections;
  readonly #strangers: string[] = [];
  #replied = 0;

  /** `refused`: the error codes of requests that the broker cannot carry out at all. */
  constructor(refused: readonly string[] = []) {
    this.#rejections = new Rejections(["REQUEST_INTERRUPTED", ...refused]);
  }

  get replied(): number {
    return this.#replied;
  }

  /** Returns the number for the next request. */
  next({ temporary }: { readonly temporary: boolean }): number {
    this.#requests.push({ temporary, answers: 0, state: "open" });
    return this.#requests.length;
  }

  /** Records that the handler has answered. */
  answered(n: number): void {
    const found = this.#requests[n - 1];
    if (found) found.answers += 1;
    else this.#strangers.push(`request ${n}, which nobody made`);
  }

  resolved(n: number, to: number): void {
    const found = this.#requests[n - 1];
    if (!found) return;
    found.state = "replied";
    this.#replied += 1;
    if (to !== n) this.#strangers.push(`request ${n} got the reply to ${to}`);
    else if (found.answers === 0) this.#strangers.push(`request ${n} got a reply that nobody gave`);
  }

  rejected(n: number, reason: unknown): void {
    const found = this.#requests[n - 1];
    if (!found) return;
    this.#rejections.note(reason);
    found.state = { rejected: reason instanceof MasterSlaveError ? reason.code : "UNTYPED" };
  }

  findings(): LoadFindings {
    const numbered = this.#requests.map((request, index) => ({ ...request, n: index + 1 }));
    const repeats = numbered.reduce((sum, { answers }) => sum + Math.max(0, answers - 1), 0);
    return {
      ...NO_FINDINGS,
      begun: this.#requests.length,
      units: this.#replied,
      lost: numbered.flatMap((request) => describeLoss(request) ?? []),
      unexpected: [...this.#strangers, ...this.#rejections.unexpected],
      unsettled: numbered.filter(({ state }) => state === "open").length,
      redelivered: repeats,
      rejections: this.#rejections.counts,
    };
  }
}

/**
 * A reply that was lost with its temporary queue is reported to the caller. All other requests wait through any outage,
 * far below their time limit.
 */
function describeLoss({ n, answers, temporary, state }: Request & { readonly n: number }): string | undefined {
  if (typeof state === "string") return undefined;
  const told = temporary && state.rejected === "REQUEST_INTERRUPTED";
  if (state.rejected !== "REQUEST_TIMEOUT" && (told || answers === 0)) return undefined;
  return `request ${n}${temporary ? " (temporary)" : ""}, answered ${answers} times: ${state.rejected}`;
}
