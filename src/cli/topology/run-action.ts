/** What every verb of `topology` has in common: its output as text or JSON, and its exit code. */
import { MasterSlaveError } from "../../errors/errors.ts";
import { envelope, failureEnvelope } from "../envelope.ts";
import { EXIT, type ExitCode, exitCodeOf } from "../exit-codes.ts";

export interface ActionResult {
  /** For people; printed as it is. */
  readonly text: string;
  /** For programs. */
  readonly data: unknown;
  /** 0 unless said. */
  readonly exitCode?: ExitCode;
}

/** Runs one verb, such as `check`, and prints what it says. Resolves with the exit code; never rejects. */
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
