/**
 * A bridge in a process of its own, so that it can be killed. It reads a configuration from its argument and reports
 * when it has started.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { BridgeConfig } from "../../../src/bridge/config/bridge-config.ts";

const PROGRAM = fileURLToPath(new URL("./run-bridge.ts", import.meta.url));

export class BridgeProcess {
  readonly #config: BridgeConfig;
  #child: ChildProcess | undefined;

  constructor(config: BridgeConfig) {
    this.#config = config;
  }

  /** Resolves when every link has asked for its messages. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, ["--import", "tsx", PROGRAM, JSON.stringify(this.#config)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    const over = once(child, "exit").then(([code]) => {
      throw new Error(`The bridge's process ended with ${code} before it had begun`);
    });
    await Promise.race([once(child.stdout, "data"), over]);
    over.catch(() => {});
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }
}
