/** The common part of all `topology` commands: output as text or JSON, and the exit code. */
import { MasterSlaveError } from "../../errors/errors.ts";
import { envelope, failureEnvelope } from "../envelope.ts";
import { EXIT, type ExitCode, exitCodeOf } from "../exit-codes.ts";

export interface ActionResult {
  /** Text for people, printed unchanged. */
  readonly text: string;
  /** Data for programs. */
  readonly data: unknown;
  /** 0 by default. */
  readonly exitCode?: ExitCode;
}

/** Runs one command, such as `check`, and prints its result. Resolves with the exit code; never rejects. */
export async function runAction(
  verb: string,
  output: string,
  action: () => Promise<ActionResult> | ActionResult,
): Promise<ExitCode> {
  try {
    const { text, data, exitCode = EXIT.ok } = await action();
    print(
      output === "json"
        ? `${JSON.stringify(envelope(`topology-${verb}`, data, { ok: exitCode === EXIT.ok }), undefined, 2)}\n`
        : text,
    );
    return exitCode;
  } catch (reason) {
    const error = MasterSlaveError.from(reason);
    if (output === "json") print(`${JSON.stringify(failureEnvelope(`topology-${verb}`, error), undefined, 2)}\n`);
    else console.error(`${error.code}: ${error.message}`);
    return exitCodeOf(error);
  }
}

function print(text: string): void {
  process.stdout.write(text);
}
