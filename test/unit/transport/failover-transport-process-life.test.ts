/** A program lives through an outage, and ends by itself after close(). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { until } from "../../support/toy-group.ts";
import { type ToyServer, toyServer } from "../../support/toy-server.ts";

const PROGRAM = fileURLToPath(new URL("../../support/programs/outage.ts", import.meta.url));
/** Starting a program from its TypeScript takes a second on a small machine, several on a busy one. */
const START_MS = 25_000;

function program(servers: readonly ToyServer[], query = "") {
  const hosts = servers.map(({ endpoint }) => `tcp://127.0.0.1:${endpoint.port}`);
  const child = spawn(process.execPath, ["--import", "tsx", PROGRAM, `masterslave:(${hosts})${query}`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let [said, complained] = ["", ""];
  child.stdout.on("data", (data) => {
    said += data;
  });
  child.stderr.on("data", (data) => {
    complained += data;
  });
  return {
    child,
    lines: () => said.split("\n").filter(Boolean),
    complained: () => complained,
    exit: once(child, "exit") as Promise<[number | null, string | null]>,
  };
}

describe("a program that holds a session", { timeout: 60_000 }, () => {
  it("stays alive in the middle of an outage, reconnects, and exits by itself after close()", async () => {
    const [a, b] = [await toyServer("welcome"), await toyServer("refuse")];
    const { child, lines, exit, complained } = program([a, b], "?initialReconnectDelay=100");
    await until(() => lines().includes("connected"), START_MS);
    await a.refuse();
    await until(() => lines().includes("interrupted"));
    // Nothing but the wait between two rounds is left in it.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(child.exitCode).toBeNull();
    await b.listen();
    await until(() => lines().includes("restored"));
    child.kill("SIGUSR2");
    expect(await exit).toEqual([0, null]);
    expect(lines()).toEqual(["connecting", "connected", "interrupted", "restored", "closing", "closed"]);
    expect(complained()).toBe("");
  });

  it("exits by itself after close() in the middle of an outage, however long the next wait", async () => {
    const [a, b] = [await toyServer("welcome"), await toyServer("refuse")];
    const { child, lines, exit, complained } = program([a, b], "?reconnectDelay=60000&maxReconnectDelay=60000");
    await until(() => lines().includes("connected"), START_MS);
    await a.refuse();
    await until(() => lines().includes("interrupted"));
    child.kill("SIGUSR2");
    expect(await exit).toEqual([0, null]);
    expect(lines().slice(-2)).toEqual(["closing", "closed"]);
    expect(complained()).toBe("");
  });

  it("stays alive until the first session, and exits by itself after close() before it", async () => {
    const servers = [await toyServer("refuse"), await toyServer("silent")];
    const { child, lines, exit, complained } = program(servers);
    await until(() => lines().includes("connecting"), START_MS);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(child.exitCode).toBeNull();
    child.kill("SIGUSR2");
    expect(await exit).toEqual([0, null]);
    expect(lines()).toContain("rejected CONNECTION_CLOSED");
    expect(complained()).toBe("");
  });
});
