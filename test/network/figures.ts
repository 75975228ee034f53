/** What a trial comes down to: a row of the table in docs/failure-modes.md, and what is wrong with it. */
import type { Product, Protocol } from "../brokers/group-contract.ts";
import type { Fault } from "./faults/fault.ts";
import type { Outcome } from "./trial.ts";

export interface Figures {
  readonly noticedMs: number | undefined;
  readonly backMs: number | undefined;
  readonly takeoverMs: number | undefined;
  readonly sent: number;
  readonly lost: number;
  readonly unsettled: number;
  readonly rejected: number;
  /** Stored twice. */
  readonly doubled: number;
  /** Stored in another order than sent. */
  readonly outOfOrder: number;
  /** Handed to the consumer for the first time after a later one. */
  readonly overtaken: number;
  /** The connection's events after its first session was established, each with its error's code. */
  readonly told: readonly string[];
  /** The codes of the attempts that failed meanwhile. */
  readonly answers: readonly string[];
}

/** A peer is taken for dead after 2.2 intervals at most; a tenth more for a busy machine. */
const NOTICED_INTERVALS = 2.2;
const TOLERANCE = 1.1;
/** The default: what a broker may have set aside for a lost session. */
const PREFETCH = 100;

export function figuresOf({ findings, told, answers, ...times }: Outcome): Figures {
  const books = [findings.stream, findings.store];
  const sum = (pick: (book: (typeof books)[number]) => number) => books.reduce((total, book) => total + pick(book), 0);
  return {
    ...rounded(times),
    sent: sum(({ sent }) => sent),
    lost: sum(({ lost }) => lost.length),
    unsettled: sum(({ unresolved }) => unresolved),
    rejected: sum(({ rejected }) => rejected),
    doubled: sum(({ storedTwice }) => storedTwice.length),
    outOfOrder: findings.outOfOrder,
    overtaken: findings.overtaken,
    told: told
      .slice(told.findIndex(({ event }) => event === "established") + 1)
      .map(({ event, code }) => (code ? `${event} ${code}` : event)),
    answers,
  };
}

export interface Combination {
  readonly product: Product;
  readonly protocol: Protocol;
}

function rounded({ noticedMs, backMs, takeoverMs }: Pick<Outcome, "noticedMs" | "backMs" | "takeoverMs">) {
  const round = (ms: number | undefined) => (ms === undefined ? undefined : Math.round(ms));
  return { noticedMs: round(noticedMs), backMs: round(backMs), takeoverMs: round(takeoverMs) };
}

/** Every promise that the trial broke, in words; empty when all held. */
export function complaints(fault: Fault, figures: Figures, where: Combination, heartbeatMs: number): string[] {
  const none = ["lost", "unsettled", "rejected", "outOfOrder"] as const;
  const broken: string[] = none.filter((what) => figures[what] > 0).map((what) => `${what}: ${figures[what]}`);
  if (figures.overtaken > (fault.mayOvertake ? PREFETCH : 0)) broken.push(`overtaken: ${figures.overtaken}`);
  if (figures.sent === 0) broken.push("nothing was sent");
  const mayDouble = where.product === "artemis" ? 0 : figures.sent;
  if (figures.doubled > mayDouble) broken.push(`doubled: ${figures.doubled}`);
  return [...broken, ...lateness(fault, figures, heartbeatMs)];
}

function lateness(fault: Fault, { noticedMs, backMs, takeoverMs, told }: Figures, heartbeatMs: number): string[] {
  if (fault.consequence === "stays") return told.length > 0 ? [`a false alarm: ${told.join(", ")}`] : [];
  const broken: string[] = [];
  const within = (what: string, ms: number | undefined, limitMs: number): void => {
    if (ms === undefined || ms > limitMs) broken.push(`${what} after ${ms?.toFixed(0)} ms, not ${limitMs.toFixed(0)}`);
  };
  const noticeMs = NOTICED_INTERVALS * heartbeatMs;
  within("noticed", noticedMs, TOLERANCE * noticeMs);
  // Where names or packets come back later the wait until the next try is the kernel's or the reconnect policy's.
  if (takeoverMs !== undefined && fault.heal === undefined) {
    within("back", backMs, TOLERANCE * (noticeMs + takeoverMs));
  }
  return broken;
}
