/** Opens a socket in the file system that only its own user can use, and leaves alone what others have there. */
import { chmodSync, lstatSync, mkdtempSync, renameSync, rmSync, type Stats } from "node:fs";
import { createConnection, type Server } from "node:net";
import { dirname, join } from "node:path";

/** The longest path of a socket on macOS; Linux has 107. A longer one would be cut without an error. */
const MAX_PATH_BYTES = 103;
const ANSWER_MS = 2_000;

/**
 * Resolves with a function that removes the socket, if it is still this one. Rejects when somebody answers there, when
 * something that is no socket is there, or when the socket cannot be made; nothing is left behind then.
 */
export async function openSocket(server: Server, path: string): Promise<() => void> {
  if (process.platform === "win32") {
    await listen(server, path);
    return () => {};
  }
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    throw new Error(`the path of the socket is longer than ${MAX_PATH_BYTES} bytes: ${path}`);
  if (await isAnswered(path)) throw new Error(`another process answers at ${path}: give each its own status file`);
  const there = statOf(path);
  if (there && !there.isSocket()) throw new Error(`${path} is no socket: move it away`);
  // Nobody else can enter this directory, so the socket has its mode before anybody can connect to it.
  const directory = mkdtempSync(join(dirname(path), ".ms-"));
  try {
    const made = join(directory, "s");
    await listen(server, made);
    chmodSync(made, 0o600);
    const own = lstatSync(made);
    // Renaming replaces a socket that a killed bridge left behind.
    renameSync(made, path);
    return () => removeOwn(path, own);
  } catch (thrown) {
    server.close();
    throw thrown;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Resolves with whether somebody listens there. Rejects when that cannot be told. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const client = createConnection(path);
    const end = (settle: () => void) => {
      client.destroy();
      settle();
    };
    client.setTimeout(ANSWER_MS, () => end(() => resolve(true)));
    client.once("connect", () => end(() => resolve(true)));
    client.once("error", (error: NodeJS.ErrnoException) =>
      end(() => (NOBODY.has(error.code ?? "") ? resolve(false) : reject(error))),
    );
  });
}

/** The error codes of a connection attempt where there is nothing, where nobody listens, and where there is no socket. */
const NOBODY: ReadonlySet<string> = new Set(["ENOENT", "ECONNREFUSED", "ENOTSOCK"]);

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Never throws: the process is about to end. */
function removeOwn(path: string, { dev, ino }: Stats): void {
  try {
    const there = statOf(path);
    if (there?.dev === dev && there.ino === ino) rmSync(path, { force: true });
  } catch {
    // The next process finds that nobody listens at the socket, and replaces it.
  }
}
