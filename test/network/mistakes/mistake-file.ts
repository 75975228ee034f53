/**
 * mistakes.json: what was observed when each mistake was last made. docs/published-configurations.md is printed from
 * it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import type { Seen } from "./mistake.ts";

export interface RecordedMistake extends Seen {
  readonly code: string;
  readonly setting: string;
}

const FILE = new URL("./mistakes.json", import.meta.url);

export function readMistakes(): readonly RecordedMistake[] {
  return JSON.parse(readFileSync(FILE, "utf8")) as readonly RecordedMistake[];
}

export function keepMistake(mistake: RecordedMistake): void {
  const others = readMistakes().filter(({ code, setting }) => code !== mistake.code || setting !== mistake.setting);
  const all = [...others, mistake].sort((a, b) => a.code.localeCompare(b.code));
  writeFileSync(FILE, `${JSON.stringify(all, undefined, 2)}\n`);
}
