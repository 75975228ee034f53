/** Detects copies of one published message that reach a group by two paths, through the links of one bridge. */
import { boundedId } from "../memory/bounded-text.ts";
import type { OutgoingCopy } from "./compose.ts";

/** The memory for each group: a copy that comes after so many others is forwarded again. */
const MAX_REMEMBERED = 50_000;

/** A direction of a link. */
export interface Way {
  readonly link: string;
  readonly from: string;
  readonly to: string;
}

export class TopicTwins {
  /** For each group, the way of the copy that came first, by published message. */
  readonly #byGroup = new Map<string, Map<string, string>>();

  /**
   * Whether another copy of this published message went into the group by another way: another link, or the other
   * direction of this one. Two deliveries by one way are a redelivery, or different messages whose publisher copied the
   * properties. Messages of queues have no copies: one that arrives again is returned on purpose.
   */
  isTwin(way: Way, { source, destination, origin, firstId, key }: OutgoingCopy): boolean {
    if (source.kind !== "topic" || firstId === undefined || key === undefined) return false;
    const known = this.#of(way.to);
    const by = JSON.stringify([way.link, way.from]);
    const name = boundedId(JSON.stringify([origin, destination, firstId]));
    const first = known.get(name);
    if (first !== undefined) return first !== by;
    if (known.size >= MAX_REMEMBERED) for (const oldest of known.keys()) if (known.delete(oldest)) break;
    known.set(name, by);
    return false;
  }

  #of(group: string): Map<string, string> {
    const known = this.#byGroup.get(group) ?? new Map<string, string>();
    this.#byGroup.set(group, known);
    return known;
  }
}
