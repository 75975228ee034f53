/** Prints the table of a connection's states in docs/architecture.md from the code, so that the two cannot differ. */
import { type EventType, type StateName, TRANSITIONS } from "../src/transport/connection-state.ts";

export const BEGIN_MARK = "<!-- transitions:begin -->";
export const END_MARK = "<!-- transitions:end -->";

/**
 * One row for each event and one column for each state. A cell has the next state, and is empty if the event cannot
 * happen there.
 */
export function renderTransitionTable(): string {
  const states = Object.keys(TRANSITIONS) as StateName[];
  const events = [...new Set(states.flatMap((state) => Object.keys(TRANSITIONS[state])))] as EventType[];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(["event", ...states]),
    line(["---", ...states.map(() => "---")]),
    ...events.map((event) => line([`\`${event}\``, ...states.map((state) => TRANSITIONS[state][event] ?? "")])),
  ].join("\n");
}

/** Returns `text` with the table between its marks. Throws if a mark is missing. */
export function withTransitionTable(text: string): string {
  const begin = text.indexOf(BEGIN_MARK);
  const end = text.indexOf(END_MARK);
  if (begin < 0 || end < begin) throw new Error(`The text lacks ${BEGIN_MARK} or ${END_MARK} behind it`);
  return `${text.slice(0, begin)}${BEGIN_MARK}\n\n${renderTransitionTable()}\n\n${text.slice(end)}`;
}
