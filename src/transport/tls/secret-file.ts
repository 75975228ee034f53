/** A small file that is read anew on every attempt: a password, a token, a key, a certificate. */
import { readFile, stat } from "node:fs/promises";

/** A file is a path, or a file: URL. */
export type FilePath = string | URL;

/** More than any bundle of authorities has. */
const MAX_BYTES = 4 * 1024 * 1024;

const SECRETS = ["passwordFile", "tokenFile"];

/** What is wrong with the path itself, or undefined: whoever gives a text where its file belongs is told so, and the text is not shown. */
export function pathProblem(file: unknown): string | undefined {
  if (typeof file !== "string") return file instanceof URL ? undefined : "takes a path or a file: URL";
  if (file === "") return "is an empty path";
  return /[\r\n\0]|-----BEGIN/.test(file) ? "is the text itself, where the path of a file belongs" : undefined;
}

/**
 * The file's bytes. Rejects with an error that names the option and the file, never what is in it, and has the system's
 * as its cause; or with the signal's reason. A path that leads to no file may be the secret itself: it is not shown where
 * the option is a password's or a token's, nor where it is too long for a path, and the cause is a copy without it.
 */
export async function readSecretFile(option: string, file: FilePath, signal: AbortSignal): Promise<Buffer> {
  signal.throwIfAborted();
  let exists = false;
  try {
    const found = await stat(file);
    exists = true;
    // A pipe would be empty at the second attempt, and one that nobody writes to is never read.
    if (!found.isFile()) throw new Error("it is no regular file");
    if (found.size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    return await readFile(file, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
    const unsafe = SECRETS.includes(option) || (code !== "ENOENT" && code !== "EACCES" && code !== "ENOTDIR");
    if (!exists && unsafe) throw withoutPath(option, code);
    throw new Error(`${option} ${String(file)} cannot be read: ${code ?? (cause as Error).message}`, { cause });
  }
}

/** Whether every user of this machine may read the file. False where it cannot be told: on Windows, and of no file. */
export async function isWorldReadable(file: FilePath): Promise<boolean> {
  if (process.platform === "win32") return false;
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() === true && (found.mode & 0o004) !== 0;
}

function withoutPath(option: string, code = "unknown"): Error {
  const what = code === "ENOENT" ? "does not exist" : "cannot be found";
  const hint = "the path is not shown, for it may be the secret itself";
  const cause = Object.assign(new Error(`${code} of a path that is not shown`), { code });
  return new Error(`the file named by ${option} ${what}: ${code} (${hint})`, { cause });
}
