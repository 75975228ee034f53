/**
 * How consumers of bridges are recognised: their selector names the path property, and both brokers report selectors.
 */
import { PATH_PROPERTY } from "../routing/path.ts";

/**
 * The selector on topics. It matches every message, because a link filters topics by itself. It must never change: a
 * changed selector deletes the messages that a durable subscription holds.
 */
export const TOPIC_MARK = `${PATH_PROPERTY} IS NULL OR ${PATH_PROPERTY} IS NOT NULL`;

/** Whether a consumer with this selector is a bridge's. */
export function isBridgeSelector(selector: unknown): boolean {
  return typeof selector === "string" && selector.includes(PATH_PROPERTY);
}
