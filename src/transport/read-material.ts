/** A small file that is read anew on every attempt: a password, a token, a key, a certificate. */
import { readFile, stat } from "node:fs/promises";

/** A file is a path, or a file: URL. */
export type FilePath = string | URL;

/** More than any bundle of authorities has. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * The file's bytes. Rejects with an error that names the option and the file, never what is in it, and has the system's
 * as its cause; or with the signal's reason.
 */
export async function readMaterial(option: string, file: FilePath, signal: AbortSignal): Promise<Buffer> {
  signal.throwIfAborted();
  try {
    const found = await stat(file);
    // A pipe would be empty at the second attempt, and one that nobody writes to is never read.
    if (!found.isFile()) throw new Error("it is no regular file");
    if (found.size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    return await readFile(file, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : (cause as Error).message;
    throw new Error(`${option} ${String(file)} cannot be read: ${why}`, { cause });
  }
}
