import { existsSync } from "node:fs";
import { link, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TraceResult } from "../../../../src/bridge/index.ts";
import { answerTraces, askForTrace, socketOf } from "../../../../src/cli/bridge/status-socket.ts";

let directory: string;
let status: string;
let failures: string[];
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "socket-"));
  status = join(directory, "status.json");
  failures = [];
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await rm(directory, { recursive: true });
});

/** Answers as the process of this name: traces say it. */
async function answer(name: string): Promise<() => Promise<void>> {
  const trace = async (): Promise<TraceResult> => ({ id: name, found: [], notLookedInto: [] });
  const stop = await answerTraces({ trace }, status, (reason) => failures.push(reason));
  stops.push(stop);
  return stop;
}

const whoAnswers = async () => (await askForTrace(status, "any", 1_000)).id;

describe("the socket beside a status file", () => {
  it.skipIf(process.platform === "win32")("is its user's alone from the moment it is there", async () => {
    const before = process.umask(0);
    try {
      let isOpen = false;
      const opening = answer("one").then(() => {
        isOpen = true;
      });
      while (!isOpen && !existsSync(socketOf(status))) await new Promise((resolve) => setImmediate(resolve));
      expect((await stat(socketOf(status))).mode & 0o777).toBe(0o600);
      await opening;
    } finally {
      process.umask(before);
    }
  });

  it("is taken over from a process that was killed, and is gone with the one that has it, with nothing beside it", async () => {
    const killed = await answer("killed");
    const copy = `${socketOf(status)}.kept`;
    await link(socketOf(status), copy);
    await killed();
    // Nobody listens on it any more.
    await rename(copy, socketOf(status));
    const stop = await answer("next");
    expect([await whoAnswers(), failures]).toEqual(["next", []]);
    await stop();
    expect(await readdir(directory)).toEqual([]);
  });

  it("stays with the process that answers there: a second one runs without, and takes nothing away at its end", async () => {
    await answer("first");
    const stopSecond = await answer("second");
    expect(failures).toEqual([expect.stringContaining("another process answers")]);
    expect(await whoAnswers()).toBe("first");
    await stopSecond();
    expect(await whoAnswers()).toBe("first");
  });

  it("that another process has put there meanwhile is not removed", async () => {
    const stop = await answer("first");
    await rm(socketOf(status));
    const other: Server = createServer();
    await new Promise<void>((resolve) => other.listen(socketOf(status), resolve));
    await stop();
    expect(existsSync(socketOf(status))).toBe(true);
    await new Promise((resolve) => other.close(resolve));
  });

  it("cannot be opened where a directory or a file is, which stays, and the reason is told instead of thrown", async () => {
    await mkdir(socketOf(status));
    await answer("one");
    expect(failures).toEqual([expect.stringContaining("is no socket")]);
    await rm(socketOf(status), { recursive: true });
    await writeFile(socketOf(status), "mine");
    await answer("two");
    expect([failures.length, await readFile(socketOf(status), "utf8")]).toEqual([2, "mine"]);
  });

  it("cannot be opened in a directory that is not there, nor at a path that is too long", async () => {
    status = join(directory, "missing", "status.json");
    await answer("one");
    expect(failures).toEqual([expect.stringContaining("ENOENT")]);
    status = join(directory, `${"x".repeat(120)}.json`);
    await answer("two");
    expect(failures[1]).toContain("longer than");
  });
});
