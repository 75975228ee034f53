/** Keeps the copies of one published message apart that reach a group on two ways, by the links of one bridge. */
import type { OutgoingCopy } from "./compose.ts";

/** For each group; an old copy that comes later than so many others is forwarded again. */
const MAX_REMEMBERED = 50_000;

export class TopicTwins {
  /** By group; the value is the id of the copy that came first. */
  readonly #byGroup = new Map<string, Map<string, string>>();

  /**
   * Whether another copy of this published message is on its way into the group, or there. The same copy that comes again
   * is none. Messages of queues are never twins: there is one of each, and one that returns is meant to.
   */
  isTwin(group: string, { source, destination, origin, firstId, key }: OutgoingCopy): boolean {
    if (source.kind !== "topic" || firstId === undefined || key === undefined) return false;
    const known = this.#of(group);
    const name = JSON.stringify([origin, destination, firstId]);
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
