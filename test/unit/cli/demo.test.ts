/** The demo as a user runs it: the built command, its report, its exit codes. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { blackHole, embeddedGroup } from "../../../src/testing/index.ts";

const command = fileURLToPath(new URL("../../../dist/cli/masterslave.js", import.meta.url));

beforeAll(() => {
  if (!existsSync(command)) throw new Error("dist is missing: npm run build comes first, as npm test does it");
});

describe("masterslave demo", () => {
  it.each(["stomp", "amqp"])("survives a crash over %s, loses nothing and says so as JSON", async (protocol) => {
    const { code, stdout, stderr } = await run("demo", "--protocol", protocol, "--kills", "1", "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ ok: true, faults: [], stream: { lost: [], outOfOrder: 0, unresolved: 0 } });
    expect(report.failovers).toHaveLength(1);
    expect(report.stream.confirmed).toBe(report.stream.sent);
    expect(report.stream.sent).toBeGreaterThan(0);
  });

  it("ends with a table and the result", async () => {
    const { code, stdout } = await run("demo", "--kills", "1", "--rate", "500");
    expect(code).toBe(0);
    for (const word of [
      "outage ms",
      "recovery ms",
      "sent",
      "confirmed",
      "received",
      "lost",
      "doubled",
      "redelivered",
    ]) {
      expect(stdout).toContain(word);
    }
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("RESULT ok: nothing confirmed was lost, order held");
  });

  it.each([
    ["an unknown verb", ["dmo"], 2, "Did you mean demo"],
    ["an unknown protocol", ["demo", "--protocol", "mqtt"], 2, "stomp, amqp"],
    ["no number", ["demo", "--kills", "many"], 2, "whole number"],
    [
      "a word with a slip in it",
      ["demo", "--brokers", "clasic"],
      2,
      "Did you mean classic? Give embedded, classic or artemis",
    ],
    ["a group without endpoints", ["demo", "--brokers", "masterslave:(dead)"], 2, "An endpoint begins with its scheme"],
    ["a URI that cannot be read", ["demo", "--brokers", "masterslave:(stomp://a:1"], 2, "INVALID_URI"],
    ["an option nobody knows", ["demo", "--brokers", "stomp://a:1?maxReconectDelay=1"], 2, "maxReconnectDelay"],
    ["real brokers outside the repository", ["demo", "--brokers", "classic"], 2, "UNSUPPORTED"],
    ["a group nobody answers for", ["demo", "--brokers", "stomp://127.0.0.1:1?initialConnect=fail-fast"], 3, "refused"],
  ])("says what is wrong with %s", async (_, argv, exitCode, text) => {
    const { code, stdout, stderr } = await run(...argv);
    expect(code).toBe(exitCode);
    expect(stderr).toContain(text);
    expect(stdout).toBe("");
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "leaves neither a process nor its store behind when %s reaches its whole process group, as Ctrl-C does",
    async (signal) => {
      const temporary = await mkdtemp(join(tmpdir(), "masterslave-demo-test-"));
      const env = { ...process.env, TMPDIR: temporary };
      const demo = spawn(process.execPath, [command, "demo", "--kills", "50"], {
        detached: true,
        env,
        stdio: ["ignore", "ignore", "pipe"],
      });
      const ended = once(demo, "exit");
      // The group has been started, and members have crashed and come back.
      let stderr = "";
      for await (const chunk of demo.stderr) {
        stderr += String(chunk);
        if (stderr.includes("crash 1")) break;
      }
      expect(await readdir(temporary)).toHaveLength(1);
      const group = -(demo.pid ?? 0);
      process.kill(group, signal);
      expect(await ended).toEqual([null, signal]);
      await vi.waitFor(async () => expect(await readdir(temporary)).toEqual([]), { timeout: 5000 });
      await vi.waitFor(() => expect(() => process.kill(group, 0)).toThrow(/ESRCH/), { timeout: 5000 });
      await rm(temporary, { recursive: true, force: true });
    },
    60_000,
  );

  it("tells of a group of the user's what each endpoint answers and what is asked, and gives up by --timeout", async () => {
    const uri = "masterslave:(stomp://127.0.0.1:1,stomp://127.0.0.1:2)";
    const { code, stdout, stderr } = await run("demo", "--brokers", uri, "--timeout", "1");
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain("you end its active member 3 times, each time when asked to");
    for (const port of [1, 2])
      expect(stderr).toMatch(new RegExp(`^  stomp://127\\.0\\.0\\.1:${port} refused the connection`, "m"));
    expect(stderr).toContain("CONNECT_TIMEOUT: No endpoint became active within");
    expect(stderr.split("refused the connection").length, "a repeated answer is told once").toBe(5);
  });

  it("says that it waits, and for whom, while a host of the user's group drops what it is sent", async () => {
    const dead = await blackHole();
    try {
      const { code, stderr } = await run("demo", "--brokers", `stomp://${dead.host}:${dead.port}`, "--timeout", "3");
      expect(code).toBe(3);
      expect(stderr).toMatch(/^ {2}no endpoint is active for 1 s; stomp:.* has not answered yet \(connecting/m);
    } finally {
      await dead.close();
    }
  });

  it("asks for the active member of a user's group to be ended, and gives up by --timeout when nobody does it", async () => {
    const group = await embeddedGroup({ members: 2, protocols: ["stomp"], inProcess: true });
    try {
      const { code, stderr } = await run("demo", "--brokers", group.uri("stomp"), "--timeout", "1", "--json");
      expect(code).toBe(3);
      expect(stderr).toMatch(/ is active\n1 of 3: end the active member now, stomp:\/\/127\.0\.0\.1:\d+ .*waiting 1 s/);
      expect(stderr).toContain("CONNECT_TIMEOUT: The failover did not happen in time: the session is with stomp://");
    } finally {
      await group.close();
    }
  });

  it("survives a failover of a user's group, and says which member to start again", async () => {
    const group = await embeddedGroup({ members: 2, protocols: ["stomp"], inProcess: true });
    try {
      const demo = spawn(process.execPath, [command, "demo", "--brokers", group.uri("stomp"), "--kills", "1"], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      const ended = once(demo, "exit");
      let stderr = "";
      let asked = false;
      for await (const chunk of demo.stderr) {
        stderr += String(chunk);
        if (asked || !stderr.includes("waiting 120 s")) continue;
        asked = true;
        await group.crash();
      }
      expect(await ended).toEqual([0, null]);
      expect(stderr).toMatch(/Start stomp:\/\/127\.0\.0\.1:\d+ again/);
    } finally {
      await group.close();
    }
  });

  it("prints the version of the package", async () => {
    const { version } = JSON.parse(await readFile(new URL("../../../package.json", import.meta.url), "utf8"));
    expect(await run("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("explains itself", async () => {
    const { code, stdout } = await run("demo", "--help");
    expect(code).toBe(0);
    for (const option of ["--protocol", "--brokers", "--kills", "--rate", "--timeout", "--json"])
      expect(stdout).toContain(option);
  });
});

function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...argv], (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr }),
    );
  });
}
