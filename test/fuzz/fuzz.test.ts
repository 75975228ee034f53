/** A piece of the fuzzer, the same one in CI each time; more by `npm run fuzz`. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InvalidOptionError, InvalidUriError } from "../../src/errors/errors.ts";
import { parseMasterSlaveUri } from "../../src/uri/master-slave-uri.ts";
import type { Protocol } from "../support/stories.ts";
import { readConversations } from "./conversation.ts";
import { fuzzConversations, playCase } from "./conversation-target.ts";
import type { Fuzzed, FuzzOptions } from "./fuzzed.ts";
import type { Case } from "./mutation.ts";
import { replay } from "./replay.ts";
import { fuzzSockets } from "./socket-target.ts";
import { watchTrouble } from "./trouble.ts";
import { fuzzUris, LONG_TEXTS } from "./uri-target.ts";

interface KnownCases {
  /** Those of a seed change with the generator. */
  readonly seeds: Readonly<Record<"uri" | "socket" | "stomp" | "amqp", FuzzOptions>>;
  /** Each once found a mistake. */
  readonly found: readonly { readonly why: string; readonly protocol: Protocol; readonly case: Case }[];
}

const known: KnownCases = JSON.parse(readFileSync(new URL("../vectors/fuzz-cases.json", import.meta.url), "utf8"));
const TIMEOUT = { timeout: 300_000 };

function expectNothing({ failure }: Fuzzed): void {
  if (failure)
    expect.fail(`${failure.violations.join("\n")}\nby ${failure.shrunk}\nseed ${failure.seed}, path ${failure.path}`);
}

describe.each(["stomp", "amqp"] as const)("conversations over %s", (protocol) => {
  const conversations = readConversations(protocol);

  it.each(conversations)("play $name to its end as it was recorded", async (conversation) => {
    const { violations, reached } = await replay(conversation, conversation.frames, { pieces: [], ending: "silence" });
    expect(violations).toEqual([]);
    // An ERROR that names nobody ends a session with an unknown broker, and Artemis.
    const ends = protocol === "stomp" && conversation.story === "refusals";
    expect(reached).toBe(ends && !conversation.peer.startsWith("classic") ? "session" : "finished");
  });

  it("break nothing when they are mutated", TIMEOUT, async () => {
    const fuzzed = await fuzzConversations(protocol, known.seeds[protocol]);
    expectNothing(fuzzed);
    // Some are refused, some come to their end in spite of it.
    for (const reached of ["refused", "session", "finished"])
      expect(fuzzed.counts[reached], reached).toBeGreaterThan(fuzzed.cases / 100);
  });
});

describe("what was found once", () => {
  it.each(known.found)("is broken no more: $why", async ({ protocol, case: one }) => {
    const trouble = watchTrouble();
    try {
      const { violations } = await playCase(one, readConversations(protocol));
      expect([...violations, ...trouble.take()]).toEqual([]);
    } finally {
      trouble.stop();
    }
  });
});

describe("the socket", () => {
  it("passes every byte in order", TIMEOUT, async () => {
    expectNothing(await fuzzSockets(known.seeds.socket));
  });
});

describe("URIs and options", () => {
  it("are read, or refused with a typed error that keeps the password", TIMEOUT, async () => {
    const fuzzed = await fuzzUris(known.seeds.uri);
    expectNothing(fuzzed);
    for (const outcome of ["refused", "read", "resolved"])
      expect(fuzzed.counts[outcome], outcome).toBeGreaterThan(fuzzed.cases / 100);
  });

  it("may contain a dot of their own after the fault", () => {
    expect(() => parseMasterSlaveUri("·\0")).toThrow(InvalidUriError);
  });

  it.each(Object.entries(LONG_TEXTS))("of 100 KB of %s take no quadratic time", (_what, text) => {
    const beganMs = performance.now();
    try {
      parseMasterSlaveUri(text);
    } catch (error) {
      expect([InvalidUriError, InvalidOptionError]).toContain((error as Error).constructor);
    }
    expect(performance.now() - beganMs).toBeLessThan(1500);
  });
});
