/** A path that is broken one way, for real: in a network namespace whose loopback drops our packets and passes the peer's. */
import { execFile, execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const program = fileURLToPath(new URL("../../../support/programs/one-way-partition.ts", import.meta.url));

/** Needs Linux, the right to make namespaces, and iptables. */
function namespacesAreToBeHad(): boolean {
  try {
    execFileSync("unshare", ["-n", "iptables", "-L"], { stdio: "ignore" });
    return true;
  } catch {
    if (process.env["CI"]) return true;
    console.warn("SKIPPED: one-way partitions. They need the right to run `unshare -n iptables -L`.");
    return false;
  }
}

it.runIf(namespacesAreToBeHad()).concurrent.each(["127.0.0.1", "::1"])(
  "is noticed by our own unacknowledged bytes within 2.2 heart-beat intervals, while the peer is still heard: over %s",
  async (host) => {
    const { stdout } = await promisify(execFile)("unshare", [
      "-n",
      process.execPath,
      "--import",
      "tsx",
      program,
      "2000",
      host,
    ]);
    const told = JSON.parse(stdout) as { intervals: number; heardAfterwards: boolean; message: string };
    expect(told.message).toMatch(/acknowledged nothing of what was sent to it/);
    expect(told.heardAfterwards).toBe(true);
    // 2.1 at most by design, as our beats come in two thirds of an interval.
    expect(told.intervals).toBeLessThan(2.2);
  },
);
