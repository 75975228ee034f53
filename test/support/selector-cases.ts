/**
 * Selectors, and which of these messages each one selects. The cases are checked against the embedded group and both
 * real brokers, over both protocols. Over STOMP every property is a text. Classic compares it as a number if the other
 * side is one (but 3.5 with no whole number); Artemis does not.
 */
import { compileSelector } from "../../src/testing/selectors/selector.ts";
import { drain, type Trial } from "./features/feature.ts";

export const MESSAGES: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>> = {
  a: { size: 1, colour: "red", urgent: true, quote: "it's" },
  b: { size: 2, colour: "dark blue", urgent: false },
  c: { size: 3.5, colour: "50%_off" },
  d: { size: 10 },
};

export interface SelectorCase {
  readonly selector: string;
  /** The names of the selected messages over AMQP, joined into one word. */
  readonly selects: string;
  /** The names of the selected messages over STOMP on Classic, if they differ from those over AMQP. */
  readonly overStomp?: string;
}

export const SELECTOR_CASES: readonly SelectorCase[] = [
  { selector: "colour = 'red'", selects: "a" },
  { selector: "colour <> 'red'", selects: "bc" },
  { selector: "size > 2", selects: "cd", overStomp: "d" },
  { selector: "size > 2.5", selects: "cd" },
  { selector: "size >= 2 AND size <= 3.5", selects: "bc", overStomp: "b" },
  { selector: "size BETWEEN 2 AND 4", selects: "bc", overStomp: "b" },
  { selector: "size NOT BETWEEN 2 AND 4", selects: "ad" },
  { selector: "colour IN ('red', 'green')", selects: "a" },
  { selector: "colour NOT IN ('red', 'green')", selects: "bc" },
  { selector: "colour LIKE '%blue'", selects: "b" },
  { selector: "colour LIKE 'r_d'", selects: "a" },
  { selector: "colour LIKE '50!%!_%' ESCAPE '!'", selects: "c" },
  { selector: "colour NOT LIKE '%e%'", selects: "c" },
  { selector: "colour IS NULL", selects: "d" },
  { selector: "colour IS NOT NULL", selects: "abc" },
  { selector: "urgent = TRUE", selects: "a" },
  { selector: "urgent", selects: "a", overStomp: "" },
  { selector: "size = 1 or size = 10", selects: "ad" },
  { selector: "(size = 1 OR size = 10) AND colour = 'red'", selects: "a" },
  { selector: "size + 1 = 3", selects: "b", overStomp: "" },
  { selector: "size * 2 > 6", selects: "cd", overStomp: "" },
  { selector: "size = '1'", selects: "", overStomp: "a" },
  { selector: "quote = 'it''s'", selects: "a" },
  { selector: "missing = 1 OR size = 2", selects: "b" },
  { selector: "NOT (colour = 'red')", selects: "bc" },
  { selector: "NOT colour = 'red'", selects: "" },
  { selector: "NOT (missing = 1)", selects: "" },
  { selector: "JMSPriority = 4", selects: "abcd" },
];

/** Texts that are no valid selectors. */
export const NO_SELECTORS = ["size >", "size = = 1", "colour LIKE 3", "(size = 1", "size IN (1)", "'open"];

/**
 * Returns what a broker selects, with one consumer and one queue for each selector. `count`: how many messages to
 * expect before waiting for silence.
 */
export async function selectedBy(
  trial: Trial,
  count: (selector: string) => number,
): Promise<Readonly<Record<string, string>>> {
  const connection = await trial.connect();
  const selected = SELECTOR_CASES.map(async ({ selector }) => {
    const queue = trial.fresh("queue");
    for (const [name, properties] of Object.entries(MESSAGES)) await connection.send(queue, name, { properties });
    // Classic caches parsed selectors by their text, and would use one parsed for a STOMP client for an AMQP client
    // too.
    const text = trial.protocol === "amqp" ? `${selector} ` : selector;
    const consumer = connection.consume(queue, { selector: text });
    const names = await drain(consumer, count(selector));
    return [selector, names.sort().join("")] as const;
  });
  return Object.fromEntries(await Promise.all(selected));
}

/** Returns what the embedded group's parser selects, with the properties as texts (as over STOMP) or as they are. */
export function expectedSelections({ asTexts, convertTexts }: { asTexts: boolean; convertTexts: boolean }) {
  const selections = SELECTOR_CASES.map(({ selector }) => {
    const selects = compileSelector(selector, { convertTexts });
    const chosen = Object.entries(MESSAGES).filter(([, properties]) =>
      selects((name) => {
        if (name === "JMSPriority") return 4;
        const value = properties[name] ?? null;
        return asTexts && value !== null ? String(value) : value;
      }),
    );
    return [selector, chosen.map(([name]) => name).join("")] as const;
  });
  return Object.fromEntries(selections);
}
