/** What the tests fetch once from a package registry: a cache outside the checkout, safe to fill from several processes. */
import { access, mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A lock that nobody has touched for this long belongs to a process that is gone: a slow registry takes less. */
const LOCK_STALE_MS = 11 * 60_000;

/** `~/.cache/masterslave-transport/brokers`, or what MASTERSLAVE_BROKER_CACHE names. */
export function cacheDirectory(): string {
  const { MASTERSLAVE_BROKER_CACHE: cache = join(homedir(), ".cache/masterslave-transport/brokers") } = process.env;
  return cache;
}

/** Runs `fill` in a directory beside `directory` unless that exists, and renames it at the end: a directory that exists is complete. */
export async function fillOnce(directory: string, fill: (work: string) => Promise<void>): Promise<void> {
  if (await exists(directory)) return;
  await withLock(`${directory}.lock`, async () => {
    if (await exists(directory)) return;
    const work = await mkdtemp(`${directory}.`);
    try {
      await fill(work);
      await rename(work, directory);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
}

/** One filler at a time: Maven's own repository dislikes two. The atomic rename is what makes it correct. */
async function withLock(lock: string, work: () => Promise<void>): Promise<void> {
  await mkdir(dirname(lock), { recursive: true });
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const made = await stat(lock).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > LOCK_STALE_MS)
      await rm(lock, { recursive: true, force: true });
    await sleep(200);
  }
  try {
    await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
