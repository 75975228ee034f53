/** What the other tests on real brokers rely on: a group has one active member and fails over as often as asked. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  detectWay,
  MEMBER_NAMES,
  type MemberName,
  otherMember,
  type Product,
  RESTRICTED_CREDENTIALS,
  type RealGroup,
  startGroup,
} from "./real-group.ts";
import { probeStomp } from "./stomp-probe.ts";

const PRODUCTS: readonly Product[] = ["classic", "artemis"];

describe.each(PRODUCTS)("a real %s group", (product) => {
  let group: RealGroup;

  beforeAll(async () => {
    group = await startGroup(product);
  }, 600_000);

  afterAll(async () => {
    await group?.close();
  });

  it("has exactly one active member, the first of the list, and a standby that refuses", async () => {
    expect(await group.active()).toBe("a");
    await expectStandby(group, "b");
    expect(await probeStomp(group.endpoint("a", "stomp"), group.credentials, 2_000)).toBe("active");
    expect(group.uri("amqp")).toMatch(/^masterslave:\(amqp:\/\/127\.0\.0\.1:\d+,amqp:\/\/127\.0\.0\.1:\d+\)$/);
  });

  it("refuses a wrong password and a client without a login", async () => {
    const wrong = { username: group.credentials.username, password: "wrong" };
    expect(await probeStomp(group.endpoint("a", "stomp"), wrong, 5_000)).toBe("denied");
    expect(await probeStomp(group.endpoint("a", "stomp"), undefined, 5_000)).toBe("denied");
  });

  it("lets the restricted user log in", async () => {
    expect(await probeStomp(group.endpoint("a", "stomp"), RESTRICTED_CREDENTIALS, 5_000)).toBe("active");
  });

  it("satisfies the health checks of docker-compose.yml: one active member, two healthy ones", () => {
    const members = MEMBER_NAMES.map((member) => group.endpoint(member, "stomp"));
    const [a, b] = members.map(({ host, port }) => `${host}:${port}`);
    if (a === undefined || b === undefined) throw new Error("A group has two members");
    expect(healthCheck("one-active.sh", a, b)).toEqual({ code: 0, output: "1 active of 2" });
    expect(healthCheck("one-active.sh", b)).toEqual({ code: 1, output: "0 active of 1" });
    expect(healthCheck("one-active.sh", a, a)).toEqual({ code: 1, output: "2 active of 2" });
    for (const { port } of members) expect(healthCheck("member-health.sh", String(port)).code).toBe(0);
  });

  it("fails over on SIGKILL ten times, and the killed member comes back as the standby each time", async () => {
    const takeoversMs: number[] = [];
    let active = await group.waitActive();
    for (let round = 0; round < 10; round += 1) {
      const next = otherMember(active);
      const killedAt = performance.now();
      await group.kill(active);
      expect(await group.waitActive()).toBe(next);
      takeoversMs.push(Math.round(performance.now() - killedAt));
      await group.start(active);
      await expectStandby(group, active);
      active = next;
    }
    console.error(`[brokers] ${product} takeover after SIGKILL, ms: ${takeoversMs.join(" ")}`);
    expect(await group.active()).toBe("a");
  }, 240_000);

  it("fails over on a clean stop", async () => {
    const active = await group.waitActive();
    await group.stop(active);
    expect(await group.waitActive()).toBe(otherMember(active));
    await group.start(active);
    expect(await group.active()).toBe(otherMember(active));
  }, 60_000);

  it("keeps the lock while its active member is paused, and heals when it goes on", async () => {
    const active = await group.waitActive();
    await group.pause(active);
    expect(await probeStomp(group.endpoint(active, "stomp"), group.credentials, 1_000)).toBe("silent");
    expect(healthCheck("member-health.sh", String(group.endpoint(active, "stomp").port)).code).toBe(1);
    await expect(group.waitActive({ timeoutMs: 3_000 })).rejects.toThrow("No member of the");
    await group.resume(active);
    expect(await group.waitActive()).toBe(active);
    expect(await group.active()).toBe(active);
  }, 60_000);
});

describe("the end of a real group", () => {
  it("leaves no process and no file behind, also with a member paused", async () => {
    const group = await startGroup("artemis");
    const pids = MEMBER_NAMES.map((member) => group.pid(member));
    await group.pause("a");
    await group.close();
    await group.close();
    for (const pid of pids) {
      if (group.way === "docker") continue;
      expect(pid).toBeTypeOf("number");
      expect(isAlive(Number(pid))).toBe(false);
    }
    expect(await probeStomp(group.endpoint("b", "stomp"), group.credentials, 2_000)).toBe("refused");
  }, 60_000);

  it.each(["SIGTERM", "SIGINT", "SIGKILL", "throw"] as const)(
    "takes the brokers along when the program that started it ends by %s",
    async (ending) => {
      if ((await detectWay()) === "docker") return;
      const script = fileURLToPath(new URL("./abandon-group.ts", import.meta.url));
      const temporary = await mkdtemp(join(tmpdir(), "masterslave-abandoned-"));
      const program = spawn(process.execPath, ["--import", "tsx", script, ending], {
        stdio: ["ignore", "pipe", "ignore"],
        env: { ...process.env, TMPDIR: temporary },
      });
      const [line] = await once(program.stdout, "data");
      const pids: number[] = JSON.parse(String(line));
      expect(pids.map(isAlive)).toEqual([true, true]);
      const ended = once(program, "close");
      if (ending !== "throw") program.kill(ending);
      await ended;
      for (let waits = 0; pids.some(isAlive) && waits < 100; waits += 1) await sleep(50);
      expect(pids.map(isAlive)).toEqual([false, false]);
      // After a SIGKILL no code of ours runs, so only then the store is left behind.
      const stores = (await readdir(temporary)).filter((name) => name.startsWith("masterslave-"));
      expect(stores).toHaveLength(ending === "SIGKILL" ? 1 : 0);
      await rm(temporary, { recursive: true, force: true });
    },
    60_000,
  );
});

/** Docker's proxy accepts connections for a container that refuses them, and closes them. */
async function expectStandby(group: RealGroup, member: MemberName): Promise<void> {
  const answer = await probeStomp(group.endpoint(member, "stomp"), group.credentials, 2_000);
  expect(answer).toBe(group.way === "docker" && answer === "closed" ? "closed" : "refused");
}

/** The exit code and output of one of the health checks that docker-compose.yml runs, here against the same brokers. */
function healthCheck(
  script: string,
  ...args: readonly string[]
): { readonly code: number | null; readonly output: string } {
  const path = fileURLToPath(new URL(`./compose/${script}`, import.meta.url));
  const { status, stdout } = spawnSync("bash", [path, ...args], { encoding: "utf8", timeout: 30_000 });
  return { code: status, output: stdout.trim() };
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}
