import { execFileSync, fork } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
// Types only: the group itself comes from the built package, for a child process cannot run TypeScript on Node 20.
import type { EmbeddedGroup, EmbeddedGroupOptions } from "../../../src/testing/index.ts";
import { RawStomp } from "./raw-stomp.ts";

type BuiltPackage = typeof import("../../../src/testing/index.ts");

const BUILT = new URL("../../../dist/testing/index.js", import.meta.url);
const PACKAGE: string = "masterslave-transport/testing";

let group: EmbeddedGroup;
let start: (options: EmbeddedGroupOptions) => Promise<EmbeddedGroup>;

beforeAll(async () => {
  if (!existsSync(BUILT)) throw new Error(`${fileURLToPath(BUILT)} is missing: run "npm run build" before these tests`);
  const built = (await import(PACKAGE)) as BuiltPackage;
  start = built.embeddedGroup;
  group = await start({ members: 2 });
}, 30_000);
afterAll(() => group?.close());

const openActive = () => RawStomp.open(group.endpoints("stomp")[group.active ?? -1]?.port ?? 0);

/** The processes of our members, from the outside. */
function memberProcesses(parent = process.pid): { readonly pid: number; readonly state: string }[] {
  const text = execFileSync("ps", ["-o", "pid=,stat=,args=", "--ppid", `${parent}`], { encoding: "utf8" });
  const lines = text.split("\n").filter((line) => line.includes("testing/member.js"));
  return lines.map((line) => {
    const [pid, state = ""] = line.trim().split(/\s+/);
    return { pid: Number(pid), state };
  });
}

describe("embeddedGroup with members in processes of their own", () => {
  it("keeps what was confirmed over a SIGKILL", async () => {
    const before = memberProcesses().map(({ pid }) => pid);
    expect(before).toHaveLength(2);
    const client = await openActive();
    for (let count = 0; count < 500; count++) {
      client.send("SEND", { destination: "/queue/kill", persistent: "true", receipt: `${count}` }, `${count}`);
    }
    await client.next("RECEIPT");
    const crashed = await group.crash();
    await client.closed;
    const confirmed = 1 + client.frames.filter(({ command }) => command === "RECEIPT").length;
    const { member } = await group.takeover();
    expect(member).toBe(1 - crashed);
    expect(memberProcesses()).toHaveLength(1);
    const stored = (await group.messages("kill")).map(({ text }) => text);
    expect(stored.length).toBeGreaterThanOrEqual(confirmed);
    expect(stored).toEqual(stored.map((_, index) => `${index}`));
    await group.restart(crashed);
    expect(memberProcesses()).toHaveLength(2);
  }, 20_000);

  it("keeps a transaction whole over a SIGKILL in the middle of it", async () => {
    let taken = "start";
    let client = await openActive();
    await client.confirmed("SEND", { destination: "/queue/input", persistent: "true" }, taken);
    let commits = 0;
    for (let round = 0; round < 6; round++) {
      client = await openActive();
      const inTransaction = { transaction: "t", persistent: "true" };
      client.send("SUBSCRIBE", { id: "s", destination: "/queue/input", ack: "client-individual" });
      const { headers } = await client.next("MESSAGE");
      client.send("BEGIN", inTransaction);
      for (let part = 0; part < 200; part++) {
        client.send("SEND", { destination: "/queue/output", ...inTransaction }, "x".repeat(2000));
      }
      client.send("SEND", { destination: "/queue/input", ...inTransaction }, `${round}`);
      client.send("ACK", { id: headers["ack"] ?? "", ...inTransaction });
      client.send("COMMIT", { ...inTransaction, receipt: "commit" });
      await new Promise((resolve) => setTimeout(resolve, round * 4));
      await group.failover();
      await client.closed;
      const confirmed = client.frames.some(({ command }) => command === "RECEIPT");
      const input = (await group.messages("input")).map(({ text }) => text);
      expect(confirmed ? [[`${round}`]] : [[taken], [`${round}`]]).toContainEqual(input);
      if (input[0] !== taken) commits++;
      [taken = ""] = input;
      expect(await group.messages("output")).toHaveLength(200 * commits);
    }
  }, 30_000);

  it("outlives a Ctrl-C, which reaches every process of a terminal, so that its parent can stop gracefully", async () => {
    const before = memberProcesses();
    expect(before).toHaveLength(2);
    for (const { pid } of before) process.kill(pid, "SIGINT");
    const client = await openActive();
    await client.confirmed("SEND", { destination: "/queue/interrupted", persistent: "true" }, "a");
    expect(memberProcesses().map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid));
    client.socket.destroy();
  });

  it("fails over again and again", async () => {
    for (let count = 0; count < 3; count++) {
      const before = group.active;
      const { member } = await group.failover();
      expect(member).not.toBe(before);
    }
    expect(memberProcesses()).toHaveLength(2);
  }, 20_000);

  it("keeps the lock while its active member is paused, and goes on when it is resumed", async () => {
    const active = group.active ?? -1;
    const client = await openActive();
    group.pause(active);
    expect(memberProcesses().filter(({ state }) => state.startsWith("T"))).toHaveLength(1);
    client.send("SEND", { destination: "/queue/pause", persistent: "true", receipt: "r" }, "a");
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect([client.frames, group.active]).toEqual([[], active]);
    group.resume(active);
    await client.next("RECEIPT");
    client.socket.destroy();
  });

  it("passes on when a paused member is crashed", async () => {
    const active = group.active ?? -1;
    group.pause(active);
    expect((await group.failover()).member).toBe(1 - active);
  }, 20_000);

  it("ends a member in the orderly way", async () => {
    const active = group.active ?? -1;
    const client = await openActive();
    await group.stop(active);
    await client.closed;
    await group.takeover();
    expect(memberProcesses()).toHaveLength(1);
    await group.restart(active);
  }, 20_000);

  it("tells credentials to no process list", async () => {
    const guarded = await start({
      members: 1,
      protocols: ["stomp"],
      credentials: { username: "me", password: "s3cret" },
    });
    try {
      const text = execFileSync("ps", ["-eww", "-o", "args=", "e"], { encoding: "utf8" });
      expect(text).toContain("testing/member.js");
      expect(text).not.toContain("s3cret");
    } finally {
      await guarded.close();
    }
  }, 20_000);

  it("ends every process and removes the store when it is closed", async () => {
    const others = memberProcesses().length;
    const short = await start({ members: 3, protocols: ["stomp"] });
    expect(memberProcesses()).toHaveLength(others + 3);
    short.pause(2);
    await short.close();
    expect(memberProcesses()).toHaveLength(others);
  }, 20_000);

  it("does not outlive a killed parent, and neither does its store", async () => {
    const directory = mkdtempSync(join(tmpdir(), "killed-parent-"));
    try {
      const program = join(directory, "parent.mjs");
      const code = `import { embeddedGroup } from ${JSON.stringify(BUILT.href)};
        await embeddedGroup({ members: 2 });
        process.send("started");`;
      writeFileSync(program, code);
      const parent = fork(program, { env: { ...process.env, TMPDIR: directory } });
      await new Promise((resolve) => parent.once("message", resolve));
      const pids = memberProcesses(parent.pid).map(({ pid }) => pid);
      expect(pids).toHaveLength(2);
      expect(readdirSync(directory)).toHaveLength(2);
      parent.kill("SIGKILL");
      await expect.poll(() => pids.filter(isAlive), { timeout: 5000 }).toEqual([]);
      expect(readdirSync(directory)).toEqual(["parent.mjs"]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }, 20_000);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
