/** `masterslave bridge trace`: asks a running bridge where a message is. */
import type { MessageTrace } from "../../bridge/index.ts";
import { textOf } from "../../errors/text-of.ts";
import { EXIT } from "../exit-codes.ts";
import type { Output } from "./output.ts";
import { printFailure, printResult } from "./print.ts";
import { askForTrace } from "./status-socket.ts";

const VERB = "bridge-trace";

export interface TraceOptions {
  readonly statusFile: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly output: Output;
}

/** Resolves with 0 when the message is on its way or arrived, 4 when it is held, a dead letter or unknown, 1 when nobody answers. */
export async function traceOne(id: string, { statusFile, timeout, output }: TraceOptions): Promise<number> {
  try {
    const result = await askForTrace(statusFile, id, timeout).catch((reason: unknown) => {
      throw new Error(
        `no bridge answers beside ${statusFile}: ${textOf(reason)}. Start it with --status-file ${statusFile}`,
      );
    });
    const { found, notLookedInto } = result;
    const bad = found.length === 0 || found.some(({ place }) => BAD.has(place));
    const lines = [
      ...(found.length === 0 ? [`${id} was never seen, or so long ago that it is forgotten`] : found.map(lineOf)),
      ...notLookedInto.map((each) => `not looked into: ${each}`),
    ];
    printResult(VERB, result, { output, ok: !bad, lines });
    return bad ? EXIT.findings : EXIT.ok;
  } catch (reason) {
    return printFailure(VERB, reason, output);
  }
}

/** The places in which a message needs somebody to act. */
const BAD: ReadonlySet<MessageTrace["place"]> = new Set(["held", "dead-lettered", "in-dead-letters"]);

function lineOf({ link, from, to, place, targetId, source, destination, atMs, reason }: MessageTrace): string {
  const parts = [
    `${link} (${from} -> ${to}): ${place}`,
    source === undefined ? "" : ` from ${source}`,
    destination === undefined ? "" : ` to ${destination}`,
    targetId === undefined ? "" : ` as ${targetId}`,
    atMs === undefined ? "" : ` at ${new Date(atMs).toISOString()}`,
    reason === undefined ? "" : ` (${reason})`,
  ];
  return parts.join("");
}
