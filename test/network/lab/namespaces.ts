/**
 * Network namespaces of this process. Their names contain its process id. They are removed together with everything
 * that runs in them; if a process could not remove its own, the next process does.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { guardCleanUp } from "../../brokers/exit-guard.ts";
import { runCommand } from "./run-command.ts";

const PREFIX = "ms";
/** `ip netns` keeps a file for each here. */
const NAMES = "/run/netns";
/** `ip netns exec NAME` mounts the files in the directory NAME over those of the same names in /etc. */
const FILES = "/etc/netns";
const OURS = new RegExp(`^${PREFIX}-(\\d+)-(\\d+)-`);

let made = 0;
const releases = new Map<string, () => void>();

/** Creates a namespace whose loopback device is up, with `files` instead of those in /etc; resolves with its name. */
export async function addNamespace(label: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
  made += 1;
  const name = `${PREFIX}-${process.pid}-${startedAt(process.pid)}-${made}-${label}`;
  releases.set(
    name,
    guardCleanUp(() => removeNow(name)),
  );
  await mkdir(`${FILES}/${name}`, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(`${FILES}/${name}/${file}`, text);
  await runCommand(["ip", "netns", "add", name]);
  await runCommand(["ip", "-n", name, "link", "set", "dev", "lo", "up"]);
  return name;
}

/** Ends what runs in the namespace and removes it with its links. A namespace that is gone already is no error. */
export async function removeNamespace(name: string): Promise<void> {
  const pids = await runCommand(["ip", "netns", "pids", name]).catch(() => "");
  killAll(pids);
  await runCommand(["ip", "netns", "delete", name]).catch(() => {});
  await rm(`${FILES}/${name}`, { recursive: true, force: true });
  releases.get(name)?.();
  releases.delete(name);
}

/** The synchronous version, for a process that is ending. */
function removeNow(name: string): void {
  const tryTo = (...args: string[]): string => {
    try {
      return execFileSync("ip", ["netns", ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    } catch {
      return "";
    }
  };
  killAll(tryTo("pids", name));
  tryTo("delete", name);
  rmSync(`${FILES}/${name}`, { recursive: true, force: true });
}

/** Removes the namespaces of processes that ended without removing them. */
export async function sweepNamespaces(): Promise<void> {
  for (const name of new Set([...entries(NAMES), ...entries(FILES)])) {
    const [, pid, started] = OURS.exec(name) ?? [];
    if (pid !== undefined && startedAt(Number(pid)) !== Number(started)) await removeNamespace(name);
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/**
 * Returns when a process started, in clock ticks since boot (proc(5), stat, field 22). It distinguishes the process
 * from a later one with the same id.
 */
function startedAt(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return undefined;
  }
}

function killAll(pids: string): void {
  for (const pid of pids.split("\n").map(Number)) {
    try {
      if (pid > 1) process.kill(pid, "SIGKILL");
    } catch {
      // The process has ended by itself.
    }
  }
}
