/** Conditions of scripted AMQP peers on the frames they receive. */
import { type AmqpFrame, codeOf, itemsOf } from "./amqp-frames.ts";

const TRANSACTIONAL = 0x34;

/** "queue://q" and "q" are the same: only brokers use the prefix. */
export function isNamed(found: string | undefined, address: string): boolean {
  return found !== undefined && found.replace(/^(queue|topic):\/\//, "") === address;
}

/** Returns how a frame's fields differ from these; undefined when they do not. */
export function differing(
  wanted: Readonly<Record<string, unknown>>,
  found: Readonly<Record<string, unknown>>,
): string | undefined {
  const name = Object.keys(wanted).find((field) => found[field] !== wanted[field]);
  return name === undefined ? undefined : `its ${name} is ${JSON.stringify(found[name])}`;
}

/** Returns the transaction that a transfer or a settlement is part of. */
export function transactionOf(state: unknown): string | undefined {
  return codeOf(state) === TRANSACTIONAL ? String(itemsOf(state)[0]) : undefined;
}

/** Returns the code of an outcome; inside a transactional state, that of the outcome in it. */
export function outcomeOf(state: unknown): number | undefined {
  if (codeOf(state) !== TRANSACTIONAL) return codeOf(state);
  return codeOf((state as { readonly value: readonly unknown[] }).value[1]);
}

const VALUE_SECTION = [0x00, 0x53, 0x77];

/** Whether a message is a declare (0x31) or a discharge (0x32): its body is a described list with that code. */
export function isControl({ payload }: AmqpFrame, code?: 0x31 | 0x32): boolean {
  const kinds = code === undefined ? [0x31, 0x32] : [code];
  return kinds.some((kind) => payload?.includes(Buffer.from([...VALUE_SECTION, 0x00, 0x53, kind])));
}

/** Whether a discharge is a rollback: its last field is true. */
export function isFailing({ payload }: AmqpFrame): boolean {
  const last = payload?.at(-1);
  return last === 0x41 || last === 0x01;
}
