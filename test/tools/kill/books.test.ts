import { describe, expect, it } from "vitest";
import {
  RequestInterruptedError,
  RequestTimeoutError,
  SendRejectedError,
  SubscriptionRefusedError,
} from "../../../src/errors/errors.ts";
import { addFindings, findFaults, type LoadFindings, NO_FINDINGS } from "../../brokers/kill/loads/load.ts";
import { RequestBook } from "../../brokers/kill/loads/request-book.ts";
import { TransactionBook, type TransactionOutcome } from "../../brokers/kill/loads/transaction-book.ts";
import { type InputOutcome, TransformBook } from "../../brokers/kill/loads/transform-book.ts";

describe("the book of transactions", () => {
  /** One transaction of three members, and those of them that arrived. */
  const history = (outcome: TransactionOutcome | undefined, ...arrived: readonly number[]): LoadFindings => {
    const book = new TransactionBook();
    const run = book.begin(3);
    if (outcome) book.end(run, outcome);
    for (const member of arrived) book.received(run, member);
    return book.findings();
  };

  it("finds nothing in a committed one that is there, a rolled back one that is not, and one in doubt that is either", () => {
    expect(findFaults(history("committed", 1, 2, 3))).toEqual([]);
    expect(findFaults(history("rolled back"))).toEqual([]);
    expect(history("in doubt")).toMatchObject({ inDoubt: { reported: 1, held: 0 } });
    expect(history("in doubt", 1, 2, 3)).toMatchObject({ inDoubt: { reported: 1, held: 1 } });
    expect(findFaults(history("in doubt"))).toEqual([]);
    expect(findFaults(history("in doubt", 1, 2, 3))).toEqual([]);
  });

  it("finds a committed one that is not there", () => {
    expect(findFaults(history("committed"))).toEqual(["lost 1"]);
    expect(history("committed").lost).toEqual(["transaction 1, committed: 0 of 3 there"]);
  });

  it("finds a part of one, committed or in doubt", () => {
    expect(findFaults(history("committed", 1, 3))).toEqual(["partial 1"]);
    expect(findFaults(history("in doubt", 2))).toEqual(["partial 1"]);
    expect(findFaults(history("committed", 1, 1, 2))).toEqual(["partial 1", "doubled 1, at most 0"]);
  });

  it("finds anything of one that was rolled back", () => {
    expect(findFaults(history("rolled back", 2))).toEqual(["unexpected 1"]);
    expect(findFaults(history("rolled back", 1, 2, 3))).toEqual(["unexpected 1"]);
  });

  it("finds one that is there twice, in another order, or still open", () => {
    expect(findFaults(history("committed", 1, 2, 3, 1, 2, 3))).toEqual(["doubled 1, at most 0"]);
    expect(findFaults(history("in doubt", 1, 2, 3, 3))).toEqual(["doubled 1, at most 0"]);
    expect(findFaults(history("committed", 1, 3, 2))).toEqual(["out of order 1"]);
    expect(findFaults(history(undefined))).toEqual(["unsettled 1"]);
  });

  it("finds what nobody sent", () => {
    const book = new TransactionBook();
    book.received(1, 1);
    book.end(book.begin(3), "rolled back");
    book.received(1, 4);
    expect(findFaults(book.findings())).toEqual(["unexpected 2"]);
  });

  it("is complete when every committed one is there, and takes one outcome each", () => {
    const book = new TransactionBook();
    const run = book.begin(2);
    book.end(run, "committed");
    book.received(run, 1);
    expect(book.complete).toBe(false);
    book.received(run, 2);
    expect(book.complete).toBe(true);
    expect(() => book.end(run, "rolled back")).toThrow("Run 1 is committed already");
  });
});

describe("the book of inputs and outputs", () => {
  const history = (outcome: InputOutcome | undefined, { outputs = 0, left = false } = {}): LoadFindings => {
    const book = new TransformBook();
    const n = book.next();
    if (outcome) book.settled(n, outcome);
    for (let copy = 0; copy < outputs; copy++) book.output(n);
    if (left) book.leftOver(n);
    return book.findings();
  };

  it("finds nothing where each stored input has one output and is gone", () => {
    expect(findFaults(history("confirmed", { outputs: 1 }))).toEqual([]);
    expect(findFaults(history("in doubt"))).toEqual([]);
    expect(findFaults(history("in doubt", { outputs: 1 }))).toEqual([]);
    expect(history("in doubt", { outputs: 1 }).inDoubt).toEqual({ reported: 1, held: 1 });
    expect(findFaults(history("rejected"))).toEqual([]);
  });

  it("finds an input whose output is missing, wherever it stayed", () => {
    expect(history("confirmed").lost).toEqual(["input 1 has no output"]);
    expect(history("confirmed", { left: true }).lost).toEqual(["input 1 was left where it was"]);
  });

  it("finds an output that is there twice", () => {
    expect(findFaults(history("confirmed", { outputs: 2 }))).toEqual(["doubled 1, at most 0"]);
    expect(findFaults(history("in doubt", { outputs: 2 }))).toEqual(["doubled 1, at most 0"]);
  });

  it("finds half a transaction: the output is there and so is the input", () => {
    expect(findFaults(history("confirmed", { outputs: 1, left: true }))).toEqual(["partial 1"]);
  });

  it("finds outputs of what was not stored, and inputs that never settled", () => {
    expect(findFaults(history("rejected", { outputs: 1 }))).toEqual(["unexpected 1"]);
    expect(findFaults(history(undefined))).toEqual(["unsettled 1"]);
    const book = new TransformBook();
    book.output(7);
    expect(book.findings().unexpected).toEqual(["an output of 7, which was not stored"]);
  });

  it("is complete when the handler has seen every confirmed input; seeing one again is a redelivery", () => {
    const book = new TransformBook();
    const n = book.next();
    book.settled(n, "confirmed");
    expect(book.complete).toBe(false);
    book.handled(n);
    book.handled(n);
    expect(book.complete).toBe(true);
    expect(book.findings().redelivered).toBe(1);
  });
});

describe("the book of requests", () => {
  const history = (
    act: (book: RequestBook, n: number) => void,
    { temporary = false, answers = 1 } = {},
  ): LoadFindings => {
    const book = new RequestBook();
    const n = book.next({ temporary });
    for (let left = answers; left > 0; left--) book.answered(n);
    act(book, n);
    return book.findings();
  };
  const timeout = new RequestTimeoutError("no reply", "id");
  const interrupted = new RequestInterruptedError("gone", "id");
  const refused = new SendRejectedError("no", { id: "id" });

  it("finds nothing in a request that got its own reply, however often it was answered", () => {
    expect(findFaults(history((book, n) => book.resolved(n, n)))).toEqual([]);
    expect(history((book, n) => book.resolved(n, n), { answers: 3 })).toMatchObject({ units: 1, redelivered: 2 });
  });

  it("finds another's reply, and one that nobody gave", () => {
    expect(findFaults(history((book, n) => book.resolved(n, n + 1)))).toEqual(["unexpected 1"]);
    expect(findFaults(history((book, n) => book.resolved(n, Number.NaN)))).toEqual(["unexpected 1"]);
    expect(findFaults(history((book, n) => book.resolved(n, n), { answers: 0 }))).toEqual(["unexpected 1"]);
  });

  it("finds a request that hangs", () => {
    expect(findFaults(history(() => {}))).toEqual(["unsettled 1"]);
  });

  it("finds an answer that was lost, and a request that nobody was given", () => {
    expect(history((book, n) => book.rejected(n, timeout)).lost).toEqual([
      "request 1, answered 1 times: REQUEST_TIMEOUT",
    ]);
    expect(history((book, n) => book.rejected(n, timeout), { answers: 0 }).lost).toHaveLength(1);
    expect(history((book, n) => book.rejected(n, timeout), { temporary: true }).lost).toHaveLength(1);
    expect(history((book, n) => book.rejected(n, interrupted)).lost).toHaveLength(1);
  });

  it("counts by code what a temporary queue took along, which is told and not lost", () => {
    const findings = history((book, n) => book.rejected(n, interrupted), { temporary: true });
    expect(findFaults(findings)).toEqual([]);
    expect(findings.rejections).toEqual({ REQUEST_INTERRUPTED: 1 });
  });

  it("takes the refusal of what cannot be done for one only where that is so", () => {
    const impossible = new SubscriptionRefusedError("no temporary queue");
    const told = (book: RequestBook): LoadFindings => {
      book.rejected(book.next({ temporary: true }), impossible);
      return book.findings();
    };
    expect(findFaults(told(new RequestBook(["SUBSCRIPTION_REFUSED"])))).toEqual([]);
    expect(findFaults(told(new RequestBook()))).toEqual(["unexpected 1"]);
  });

  it("finds rejections without cause, typed or not", () => {
    const unanswered = { answers: 0 };
    expect(findFaults(history((book, n) => book.rejected(n, refused), unanswered))).toEqual(["unexpected 1"]);
    const untyped = history((book, n) => book.rejected(n, new TypeError("oops")), unanswered);
    expect(untyped.unexpected).toEqual(["UNTYPED: oops"]);
    expect(untyped.rejections).toEqual({ UNTYPED: 1 });
  });
});

describe("the findings of several runs", () => {
  it("add up, and one fault among them is found", () => {
    const clean = { ...NO_FINDINGS, units: 5, rejections: { TRANSACTION_IN_DOUBT: 1 } };
    const bad = { ...NO_FINDINGS, units: 1, lost: ["message 7"], rejections: { TRANSACTION_IN_DOUBT: 2, ABORTED: 1 } };
    const sum = addFindings([clean, bad, clean]);
    expect(sum).toMatchObject({ units: 11, lost: ["message 7"], rejections: { TRANSACTION_IN_DOUBT: 4, ABORTED: 1 } });
    expect(findFaults(addFindings([clean, clean]))).toEqual([]);
    expect(findFaults(sum)).toEqual(["lost 1"]);
  });

  it("allow no more doubles than there were resends", () => {
    expect(findFaults({ ...NO_FINDINGS, doubled: 3, mayBeDoubled: 3 })).toEqual([]);
    expect(findFaults({ ...NO_FINDINGS, doubled: 4, mayBeDoubled: 3 })).toEqual(["doubled 4, at most 3"]);
  });
});
