/**
 * A cache outside the checkout for what the tests fetch once from a package registry. Several processes may fill it at
 * the same time.
 */
import { access, mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A lock that was not touched for this long belongs to a process that has ended; even a slow registry takes less time.
 */
const LOCK_STALE_MS = 11 * 60_000;

/** `~/.cache/masterslave-transport/brokers`, or what MASTERSLAVE_BROKER_CACHE names. */
export function cacheDirectory(): string {
  const { MASTERSLAVE_BROKER_CACHE: cache = join(homedir(), ".cache/masterslave-transport/brokers") } = process.env;
  return cache;
}

/**
 * Unless `directory` exists, runs `fill` in a directory beside it and then renames that: an existing directory is
 * complete.
 */
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

/**
 * Only one process fills the cache at a time, because Maven's own repository does not tolerate two. The atomic rename
 * ensures correctness.
 */
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
