/** The result of a trial: a row of the table in docs/failure-modes.md, and the promises that it broke. */
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
  /** How many messages were stored twice. */
  readonly doubled: number;
  /** How many messages were stored in a different order than sent. */
  readonly outOfOrder: number;
  /** How many messages were delivered for the first time after a later one. */
  readonly overtaken: number;
  /** The connection's events after its first session, each with the code of its error. */
  readonly told: readonly string[];
  /** The codes of the attempts that failed meanwhile. */
  readonly answers: readonly string[];
}

/** A peer counts as dead after 2.2 intervals at most; a tenth more for a busy machine. */
const NOTICED_INTERVALS = 2.2;
const TOLERANCE = 1.1;
/** The default prefetch: the messages that a broker may have assigned to a lost session. */
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

/** Returns every promise that the trial broke, in words; empty if all held. */
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
  // If names or packets come back later, the kernel or the reconnect policy determines the wait until the next try.
  if (takeoverMs !== undefined && fault.heal === undefined) {
    within("back", backMs, TOLERANCE * (noticeMs + takeoverMs));
  }
  return broken;
}
