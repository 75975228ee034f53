/** What rhea must not print: asked by DEBUG=rhea:* it logs every frame it writes, the one with the password too. */
import { createRequire } from "node:module";

/** A logger of the package debug; `enabled` may be set, and is found out anew after null. */
interface DebugLogger {
  enabled: boolean | null;
}

const { frames, raw } = createRequire(import.meta.url)("rhea/lib/log.js") as Record<"frames" | "raw", DebugLogger>;

/** Runs `write`, which writes at once, without rhea's logs of frames. */
export function withoutFrameLog(write: () => void): void {
  const loggers = [frames, raw];
  for (const logger of loggers) logger.enabled = false;
  try {
    write();
  } finally {
    for (const logger of loggers) logger.enabled = null;
  }
}
