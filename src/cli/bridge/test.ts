/** `masterslave bridge test`: runs cases on an embedded pair. */
import { readCases } from "../../bridge/cases/case-file.ts";
import { runCases } from "../../bridge/cases/run-cases.ts";
import { readBridgeConfig } from "../../bridge/index.ts";
import { EXIT } from "../exit-codes.ts";
import type { BridgeVerbOptions } from "./output.ts";
import { printFailure, printResult } from "./print.ts";

const VERB = "bridge-test";

/** Resolves with 0 if every case passes, 4 if one does not. */
export async function testBridge(
  file: string,
  casesFile: string | undefined,
  { output }: BridgeVerbOptions,
): Promise<number> {
  try {
    const config = await readBridgeConfig(file);
    const cases = await runCases(config, await readCases(casesFile ?? beside(file), config));
    const failed = cases.filter(({ ok }) => !ok).length;
    const lines = cases.map(
      ({ name, ok, found, tookMs }) =>
        `${ok ? "ok    " : "FAILED"} ${name} (${tookMs} ms)${found === undefined ? "" : `: ${found}`}`,
    );
    printResult(
      VERB,
      { cases },
      { output, ok: failed === 0, lines: [...lines, `${cases.length - failed} of ${cases.length} hold`] },
    );
    return failed === 0 ? EXIT.ok : EXIT.findings;
  } catch (reason) {
    return printFailure(VERB, reason, output);
  }
}

/** The cases of `bridge.yaml` are in `bridge.test.yaml`. */
function beside(file: string): string {
  return file.replace(/(\.[^./]+)?$/, ".test$1");
}
