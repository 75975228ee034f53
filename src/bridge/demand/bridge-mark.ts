/** By what the consumers of bridges are known: they name the path property in their selector, which both brokers tell. */
import { PATH_PROPERTY } from "../routing/path.ts";

/**
 * The selector of topics, which matches every message: a topic's consumer filters by itself. It never changes, since a
 * changed selector deletes what a durable subscription holds.
 */
export const TOPIC_MARK = `${PATH_PROPERTY} IS NULL OR ${PATH_PROPERTY} IS NOT NULL`;

/** Whether a consumer with this selector is a bridge's. */
export function isBridgeSelector(selector: unknown): boolean {
  return typeof selector === "string" && selector.includes(PATH_PROPERTY);
}
