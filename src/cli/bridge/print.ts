/** The common output functions of the bridge commands. */
import { type Finding, formatFinding } from "../../config/finding.ts";
import { MasterSlaveError } from "../../errors/errors.ts";
import { printable, printableLine } from "../../errors/printable.ts";
import { type EnvelopeWarning, envelope, failureEnvelope } from "../envelope.ts";
import { exitCodeOf } from "../exit-codes.ts";
import type { Output } from "./output.ts";

/** Prints a failure in the requested form; returns its exit code. */
export function printFailure(verb: string, reason: unknown, output: Output): number {
  const error = MasterSlaveError.from(reason);
  if (output === "text") console.error(printable(`${error.code}: ${error.message}`));
  else console.log(JSON.stringify(failureEnvelope(verb, error)));
  return exitCodeOf(error);
}

/** Prints the envelope as JSON, or the lines. */
export function printResult(
  verb: string,
  data: object,
  {
    output,
    ok,
    lines,
    findings = [],
  }: {
    readonly output: Output;
    readonly ok: boolean;
    readonly lines: readonly string[];
    readonly findings?: readonly Finding[];
  },
): void {
  if (output !== "text") {
    const warnings = findings.filter(({ severity }) => severity !== "error").map(warningOf);
    console.log(JSON.stringify(envelope(verb, data, { ok, warnings })));
    return;
  }
  for (const line of [...findings.map(formatFinding), ...lines]) console.log(terminalLine(line));
}

/** Returns the text on one line without control characters: ids, reasons and names are what peers say. */
export function terminalLine(text: string): string {
  return printableLine(text, MAX_LINE_CHARACTERS);
}

const MAX_LINE_CHARACTERS = 4_000;

function warningOf({ code, message }: Finding): EnvelopeWarning {
  return { code, message };
}
