/** Collects the warnings of this process during one test. */
import { onTestFinished } from "vitest";

/** Returns the texts of the warnings that the process raises from now on until the test has ended. */
export function processWarnings(): readonly string[] {
  const warnings: string[] = [];
  const note = ({ message }: Error) => void warnings.push(message);
  process.on("warning", note);
  onTestFinished(() => void process.off("warning", note));
  return warnings;
}
