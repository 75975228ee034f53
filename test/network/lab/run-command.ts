/** Runs one short command and returns its output. The error of a failure names the command and its message. */
import { type ExecFileException, execFile } from "node:child_process";

/** `ip`, `nft` and `tc` finish within milliseconds. */
const TIMEOUT_MS = 20_000;

/** Resolves with standard output; rejects when the command cannot be run or fails. */
export function runCommand(command: readonly string[], input = ""): Promise<string> {
  const [file = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error) reject(new Error(describe(command, error, stderr), { cause: error }));
      else resolve(stdout);
    });
    // A command that ends before it has read its whole input reports the reason by its exit code.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}

function describe(command: readonly string[], error: ExecFileException, stderr: string): string {
  return `\`${command.join(" ")}\` failed (${error.code ?? error.signal}): ${stderr.trim() || error.message}`;
}
