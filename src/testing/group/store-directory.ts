/** The directory of a group's store: it does not outlive the group, nor a process that exits without closing it. */
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface StoreDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

/** Resolves with a new directory below the system's temporary one. */
export async function createStoreDirectory(): Promise<StoreDirectory> {
  const path = await mkdtemp(join(tmpdir(), "masterslave-embedded-"));
  // A signal that ends this process runs no listener of "exit": then member processes remove the store, see member.ts.
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
