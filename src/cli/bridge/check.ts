/** `masterslave bridge check`: reports all findings about a configuration. */
import { checkLinksOnline, inspectBridgeFile } from "../../bridge/check.ts";
import { ConfigError } from "../../config/config-error.ts";
import { EXIT } from "../exit-codes.ts";
import { describeLinks } from "./describe.ts";
import type { Output } from "./output.ts";
import { printFailure, printResult } from "./print.ts";

const VERB = "bridge-check";

export interface CheckOptions {
  readonly connect: boolean;
  /** Milliseconds. */
  readonly timeout: number;
  readonly output: Output;
}

/** Resolves with 0 if there are no findings, 2 for a configuration that cannot be used, 4 for warnings. */
export async function checkBridge(file: string, { connect, timeout, output }: CheckOptions): Promise<number> {
  const { config, document, findings: offline } = await inspectBridgeFile(file);
  if (!config)
    return printFailure(VERB, new ConfigError("BRIDGE_CONFIG", `The configuration ${file}`, offline), output);
  const online = connect ? await checkLinksOnline(config, document, timeout) : [];
  const findings = [...offline, ...online];
  const told = findings.filter(({ severity }) => severity !== "info");
  const ok = told.length === 0;
  printResult(
    VERB,
    { findings },
    { output, ok, findings, lines: [...describeLinks(config), ok ? "ok" : `${told.length} to look at`] },
  );
  return ok ? EXIT.ok : EXIT.findings;
}
