import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MessageTrace, TraceResult } from "../../../../src/bridge/index.ts";
import { answerTraces, socketOf } from "../../../../src/cli/bridge/status-socket.ts";
import { main } from "../../../../src/cli/main.ts";

let directory: string;
let status: string;
let out: string[];
let err: string[];
let stop: () => Promise<void>;
let known: Readonly<Record<string, Partial<MessageTrace>>>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "bridge-trace-"));
  status = join(directory, "status.json");
  known = {
    arrived: { place: "forwarded", targetId: "t-1", source: "queue://a", destination: "queue://b", atMs: 0 },
    poison: { place: "dead-lettered", source: "queue://a", reason: "UNBRIDGEABLE_BODY: a map" },
    waiting: { place: "held", source: "queue://a", reason: "TARGET_FULL: full" },
  };
  const trace = async (id: string): Promise<TraceResult> => {
    const each = known[id];
    const found = each ? [{ link: "l", from: "north", to: "south", ...each } as MessageTrace] : [];
    return { id, found, notLookedInto: ["queue://b in south: Artemis shows no queue over STOMP"] };
  };
  stop = await answerTraces({ trace }, status, (reason) => expect.unreachable(reason));
  [out, err] = [[], []];
  vi.spyOn(console, "log").mockImplementation((line: string) => void out.push(line));
  vi.spyOn(console, "error").mockImplementation((line: string) => void err.push(line));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await stop();
  await rm(directory, { recursive: true });
});

const trace = (id: string, ...more: string[]) => main(["bridge", "trace", id, "--status-file", status, ...more]);

describe("masterslave bridge trace", () => {
  it("tells where a forwarded message went and as which id, and ends with 0", async () => {
    expect(await trace("arrived")).toBe(0);
    expect(out).toEqual([
      "l (north -> south): forwarded from queue://a to queue://b as t-1 at 1970-01-01T00:00:00.000Z",
      "not looked into: queue://b in south: Artemis shows no queue over STOMP",
    ]);
    expect(await trace("arrived", "--output", "json")).toBe(0);
    expect(JSON.parse(out.at(-1) ?? "")).toMatchObject({
      schema: "masterslave/bridge-trace/1",
      ok: true,
      data: { id: "arrived", found: [{ place: "forwarded", targetId: "t-1" }] },
    });
  });

  it.each(["poison", "waiting", "nobody's"])("ends with 4 for a message that needs somebody: %s", async (id) => {
    expect(await trace(id, "--output", "json")).toBe(4);
    expect(JSON.parse(out.at(-1) ?? "")).toMatchObject({ ok: false, data: { id } });
  });

  it("ends with 1 when no bridge answers beside the status file, and says what to do", async () => {
    await stop();
    expect(await trace("arrived")).toBe(1);
    expect(err.join("\n")).toContain(`Start it with --status-file ${status}`);
  });

  it("answers on a socket that only its own user can open", async () => {
    expect((await stat(socketOf(status))).mode & 0o777).toBe(0o600);
  });

  it("prints nothing of what peers said that a terminal would obey, and bounds it", async () => {
    known = {
      evil: {
        ...{
          place: "dead-lettered",
          source: "queue://a\u001b[2J",
          targetId: "t\u009b1m",
          destination: "queue://\u202eb",
        },
        reason: `no\r\nl (north -> south): forwarded\u0007${"x".repeat(100_000)}`,
      },
    };
    await trace("evil");
    expect(out.length).toBe(2);
    expect(out[0]).toContain("queue://a\\x1b[2J");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be printed.
    expect(out.join("")).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    expect(out[0]?.length).toBeLessThan(5_000);
    await trace("\u001b[31mnobody's");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above.
    expect(out.join("")).not.toMatch(/\u001b/);
  });
});
