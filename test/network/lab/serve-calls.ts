/**
 * The side of a program that a test has started in a host. It answers calls, one IPC message each, until the test
 * closes the channel.
 */

/** The operations of a program. Arguments and results travel as structured clones. */
// biome-ignore lint/suspicious/noExplicitAny: any function is one; `unknown` arguments would refuse them all.
export type Operations = Readonly<Record<string, (...args: any[]) => unknown>>;

export interface Call {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}
export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Answers calls of these operations. The process ends with its IPC channel. */
export function serveCalls(operations: Operations): void {
  process.on("message", (call: Call) => void answer(operations, call));
  process.on("disconnect", () => process.exit());
  process.send?.({ id: 0 } satisfies Answer);
}

async function answer(operations: Operations, { id, name, args }: Call): Promise<void> {
  let answer: Answer;
  try {
    answer = { id, result: await operations[name]?.(...args) };
  } catch (reason) {
    answer = { id, error: reason instanceof Error ? (reason.stack ?? reason.message) : String(reason) };
  }
  if (process.connected) process.send?.(answer);
}
