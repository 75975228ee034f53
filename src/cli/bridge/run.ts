/** `masterslave bridge run`: runs every link until all are over, or until a signal. */
import { rename, writeFile } from "node:fs/promises";
import { type Bridge, type BridgeConfig, createBridge, type LinkChange, readBridgeConfig } from "../../bridge/index.ts";
import { ndjsonLines } from "../envelope.ts";
import { EXIT } from "../exit-codes.ts";
import { describeLinks } from "./describe.ts";
import type { Output } from "./output.ts";
import { printFailure, printResult, terminalLine } from "./print.ts";
import { answerTraces } from "./status-socket.ts";

export interface RunOptions {
  readonly dryRun: boolean;
  readonly statusFile?: string | undefined;
  readonly output: Output;
}

const VERB = "bridge-run";
const STATUS_MS = 1_000;

/** Resolves with the exit code: 0 when every link is over, 1 when one failed, 130 after a signal. */
export async function runBridge(file: string, options: RunOptions): Promise<number> {
  let config: BridgeConfig;
  try {
    config = await readBridgeConfig(file);
  } catch (reason) {
    return printFailure(VERB, reason, options.output);
  }
  if (options.dryRun) {
    const output = options.output === "ndjson" ? "json" : options.output;
    printResult(VERB, { links: config.links }, { output, ok: true, lines: describeLinks(config) });
    return EXIT.ok;
  }
  return runLinks(createBridge(config), options);
}

async function runLinks(bridge: Bridge, { output, statusFile }: RunOptions): Promise<number> {
  const line = ndjsonLines();
  const failed = new Set<string>();
  const tell = ({ name, state, reason }: LinkChange) => {
    if (state === "failed") failed.add(name);
    if (output === "text") console.log(terminalLine(`${name} ${state}${reason === undefined ? "" : `: ${reason}`}`));
    else console.log(line("link", { name, state, reason }));
  };
  bridge.on("link", tell);
  bridge.on("warning", (warning) => {
    const { link, group, code, message } = warning;
    if (output === "text")
      console.error(terminalLine(`${link}${group === undefined ? "" : ` (${group})`} ${code}: ${message}`));
    else console.log(line("warning", warning));
  });
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupt);
  const stopWriting = statusFile === undefined ? async () => {} : writeStatus(bridge, statusFile);
  try {
    const interrupted = new Promise<void>((resolve) =>
      interruption.signal.addEventListener("abort", () => resolve(), { once: true }),
    );
    await bridge.start({ signal: interruption.signal }).catch(() => {});
    await Promise.race([bridge.done, interrupted]);
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
    await bridge.close();
    await stopWriting();
  }
  const { links } = bridge.status();
  if (output === "ndjson") console.log(line("status", { links }));
  else
    for (const [name, { forwarded, deadLettered }] of Object.entries(links))
      console.log(`${name} forwarded ${forwarded}, dead letters ${deadLettered}`);
  if (interruption.signal.aborted) return EXIT.interrupted;
  return failed.size > 0 ? EXIT.failure : EXIT.ok;
}

/** Replaces the whole file, so that a reader never sees half of one. */
function writeStatus(bridge: Bridge, path: string): () => Promise<void> {
  let writing: Promise<void> = Promise.resolve();
  const write = () => {
    const text = `${JSON.stringify({ pid: process.pid, atMs: Date.now(), ...bridge.status() })}\n`;
    writing = writing
      .then(() => writeFile(`${path}.new`, text))
      .then(() => rename(`${path}.new`, path))
      .catch((reason: unknown) =>
        console.error(`The status file cannot be written: ${reason instanceof Error ? reason.message : reason}`),
      );
  };
  write();
  const timer = setInterval(write, STATUS_MS);
  const stopAnswering = answerTraces(bridge, path, (reason) =>
    console.error(`bridge trace will not be answered: ${reason}`),
  );
  return async () => {
    clearInterval(timer);
    write();
    await Promise.all([writing, stopAnswering.then((stop) => stop())]);
  };
}
