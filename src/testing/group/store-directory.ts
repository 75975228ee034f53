/** The directory of a group's store. It is removed with the group, or when the process exits without closing it. */
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface StoreDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

/** Resolves with a new directory in the system's temporary directory. */
export async function createStoreDirectory(): Promise<StoreDirectory> {
  const path = await mkdtemp(join(tmpdir(), "masterslave-embedded-"));
  // If a signal ends this process, no "exit" listener runs: then the member processes remove the store, see member.ts.
  const onExit = () => rmSync(path, { recursive: true, force: true });
  process.once("exit", onExit);
  return {
    path,
    async remove() {
      process.removeListener("exit", onExit);
      await rm(path, { recursive: true, force: true });
    },
  };
}
