import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { onAbort } from "../../../src/async/on-abort.ts";

it("serves any number of waits with one listener, each once", () => {
  const abort = new AbortController();
  const acted: number[] = [];
  for (let n = 0; n < 100; n++) onAbort(abort.signal, () => acted.push(n));
  expect(getEventListeners(abort.signal, "abort")).toHaveLength(1);
  abort.abort();
  abort.signal.dispatchEvent(new Event("abort"));
  expect(acted).toEqual(Array.from({ length: 100 }, (_, n) => n));
});

it("leaves no listener when all are forgotten, and listens again for a later one", () => {
  const abort = new AbortController();
  const acted: string[] = [];
  const forget = ["a", "b"].map((name) => onAbort(abort.signal, () => acted.push(name)));
  for (const each of [...forget, ...forget]) each();
  expect(getEventListeners(abort.signal, "abort")).toHaveLength(0);
  onAbort(abort.signal, () => acted.push("c"));
  abort.abort();
  expect(acted).toEqual(["c"]);
});

it("does not call one that another forgets meanwhile", () => {
  const abort = new AbortController();
  const acted: string[] = [];
  let forget = () => {};
  onAbort(abort.signal, () => forget());
  forget = onAbort(abort.signal, () => acted.push("forgotten"));
  abort.abort();
  expect(acted).toEqual([]);
});
