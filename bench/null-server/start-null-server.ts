/** Starts a null server in a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Protocol } from "../../test/brokers/real-group.ts";
import type { NullServerOptions, ServingNull } from "./null-server-options.ts";

const STARTS_WITHIN_MS = 20_000;

/** Resolves once the server listens; rejects if its process ends before that or prints nothing. */
export async function startNullServer(
  protocol: Protocol,
  options: Partial<NullServerOptions> = {},
): Promise<ServingNull> {
  const program = fileURLToPath(new URL(`./${protocol}.ts`, import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", program, JSON.stringify(options)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const signal = AbortSignal.timeout(STARTS_WITHIN_MS);
  const close = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  try {
    const [line] = (await Promise.race([
      once(createInterface(child.stdout), "line", { signal }),
      exited.then(([code]) => {
        throw new Error(`The ${protocol} null server ended with ${code} before it listened`);
      }),
    ])) as [string];
    return { port: Number(line), close };
  } catch (error) {
    await close();
    throw error;
  }
}
