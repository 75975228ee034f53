/** failure-modes.json: the figures of the last full run. The tables of docs/failure-modes.md are printed from it. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Combination, Figures } from "./figures.ts";
import type { NewClientFigures } from "./new-client.ts";

/** The figures of each row, by the title of the combination. */
export type Rows<F> = Record<string, Record<string, F>>;

export interface FullRun {
  heartbeatMs: number;
  faults: Rows<Figures>;
  newClients: Rows<NewClientFigures>;
}

const FILE = new URL("./failure-modes.json", import.meta.url);

export const COMBINATIONS: readonly Combination[] = (["classic", "artemis"] as const).flatMap((product) =>
  (["stomp", "amqp"] as const).map((protocol) => ({ product, protocol })),
);

export function titleOf({ product, protocol }: Combination): string {
  return `${product === "classic" ? "Classic" : "Artemis"} ${protocol.toUpperCase()}`;
}

export function readFullRun(): FullRun {
  return JSON.parse(readFileSync(FILE, "utf8"));
}

export function writeFullRun(run: FullRun): void {
  writeFileSync(FILE, `${JSON.stringify(run, undefined, 2)}\n`);
}
