/** Detects copies of one published message that reach a group by two paths, through the links of one bridge. */
import { boundedId } from "../memory/bounded-text.ts";
import type { OutgoingCopy } from "./compose.ts";

/** The memory for each group: a copy that comes after so many others is forwarded again. */
const MAX_REMEMBERED = 50_000;

export class TopicTwins {
  /** By group; the value is the id of the copy that came first. */
  readonly #byGroup = new Map<string, Map<string, string>>();

  /**
   * Whether another copy of this published message is on its way into the group, or there already. The same copy that
   * comes again does not count. Messages of queues never have copies: one that returns is meant to.
   */
  isTwin(group: string, { source, destination, origin, firstId, key }: OutgoingCopy): boolean {
    if (source.kind !== "topic" || firstId === undefined || key === undefined) return false;
    const known = this.#of(group);
    const name = boundedId(JSON.stringify([origin, destination, firstId]));
    const first = known.get(name);
    if (first !== undefined) return first !== key;
    if (known.size >= MAX_REMEMBERED) for (const oldest of known.keys()) if (known.delete(oldest)) break;
    known.set(name, key);
    return false;
  }

  #of(group: string): Map<string, string> {
    const known = this.#byGroup.get(group) ?? new Map<string, string>();
    this.#byGroup.set(group, known);
    return known;
  }
}
