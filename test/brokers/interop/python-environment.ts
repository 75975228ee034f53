/** The Python clients from PyPI, with pinned versions, in a virtual environment in the tests' cache. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory, fillOnce } from "../tool-cache.ts";

const run = promisify(execFile);
/** Proton is built from its source distribution. */
const INSTALL_TIMEOUT_MS = 10 * 60_000;

export const PYTHON_CLIENT_VERSIONS = { "stomp.py": "9.0.0", "python-qpid-proton": "0.40.0" } as const;
/** Dependencies of these two. */
const DEPENDENCIES = ["docopt==0.6.2", "websocket-client==1.9.2", "cffi==2.1.1", "pycparser==3.12"];

let environment: Promise<string> | undefined;

/** Resolves with the `python` that has the clients. */
export function pythonWithClients(): Promise<string> {
  environment ??= makeEnvironment();
  return environment;
}

async function makeEnvironment(): Promise<string> {
  const packages = [
    ...Object.entries(PYTHON_CLIENT_VERSIONS).map(([name, version]) => `${name}==${version}`),
    ...DEPENDENCIES,
  ];
  const { stdout: version } = await python("python3", ["--version"]);
  const hash = createHash("sha256").update(version).update(packages.join(" ")).digest("hex");
  const directory = join(cacheDirectory(), `python-clients-${hash.slice(0, 16)}`);
  await fillOnce(directory, async (work) => {
    await python("python3", ["-m", "venv", work]);
    await python(join(work, "bin/python"), ["-m", "pip", "install", "--quiet", ...packages]);
  });
  return join(directory, "bin/python");
}

async function python(command: string, args: readonly string[]): Promise<{ readonly stdout: string }> {
  try {
    return await run(command, args, { timeout: INSTALL_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 });
  } catch (cause) {
    const output = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : "";
    throw new Error(
      `${command} ${args.join(" ")} failed; the Python clients need Python 3 with venv, its headers, OpenSSL's and a C compiler (Debian: apt-get install python3-venv python3-dev libssl-dev pkg-config gcc): ${output || String(cause)}`,
      { cause },
    );
  }
}
