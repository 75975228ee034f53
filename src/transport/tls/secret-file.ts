/** Reads a small file on every attempt: a password, a token, a key, a certificate. */
import { readFile, stat } from "node:fs/promises";

/** A file is a path, or a file: URL. */
export type FilePath = string | URL;

/** More than any bundle of authorities has. */
const MAX_BYTES = 4 * 1024 * 1024;

const SECRETS = ["passwordFile", "tokenFile"];

/**
 * Returns what is wrong with the path itself, or undefined. A secret given where its file belongs is recognised, and
 * not shown.
 */
export function pathProblem(file: unknown): string | undefined {
  if (typeof file !== "string") return file instanceof URL ? undefined : "takes a path or a file: URL";
  if (file === "") return "is an empty path";
  return /[\r\n\0]|-----BEGIN/.test(file) ? "is the text itself, where the path of a file belongs" : undefined;
}

/**
 * Returns the file's bytes. Rejects with an error that names the option and the file, never its content, with the
 * system's error as the cause; or with the signal's reason. If the file does not exist, the path may be the secret
 * itself: it is not shown if the option is for a password or token, or if it is too long for a path, and the cause is a
 * copy without it.
 */
export async function readSecretFile(option: string, file: FilePath, signal: AbortSignal): Promise<Buffer> {
  signal.throwIfAborted();
  let exists = false;
  try {
    const found = await stat(file);
    exists = true;
    // A pipe would be empty at the second attempt, and reading a pipe without a writer never ends.
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

/**
 * Whether every user of this machine may read the file. False if that is unknown: on Windows, and for a missing file.
 */
export async function isWorldReadable(file: FilePath): Promise<boolean> {
  if (process.platform === "win32") return false;
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() === true && (found.mode & 0o004) !== 0;
}

function withoutPath(option: string, code = "unknown"): Error {
  const what = code === "ENOENT" ? "does not exist" : "cannot be found";
  const hint = "the path is not shown, because it may be the secret itself";
  const cause = Object.assign(new Error(`${code} of a path that is not shown`), { code });
  return new Error(`the file named by ${option} ${what}: ${code} (${hint})`, { cause });
}
