/**
 * A Set for members that come and go by the thousand each second. V8's own Set and Map link each outgrown table to the
 * next. Once one table is old, all entries of later ones survive the young generation, and collecting them costs more
 * than the rest of the handling of a message (docs/decisions/0018-amqp-hot-path.md).
 */

/** The fields that a member needs; a member is in at most one set. */
export interface Linkable<T> {
  /** The set that the member is in. */
  set: object | undefined;
  previous: T | undefined;
  next: T | undefined;
}

/** A base class with the fields of a member. */
export class LinkedMember<T> implements Linkable<T> {
  set: object | undefined = undefined;
  previous: T | undefined = undefined;
  next: T | undefined = undefined;
}

/**
 * Iterates in the order of joining. As with a Set, an iteration skips members that leave before it reaches them, and
 * visits members that join.
 */
export class LinkedSet<T extends Linkable<T>> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;
  /** The next member of each iteration under way; undefined when an iteration has reached the end. */
  readonly #cursors: { next: T | undefined }[] = [];

  get size(): number {
    return this.#size;
  }

  has(member: T): boolean {
    return member.set === this;
  }

  /** Does nothing if the member is already in the set. */
  add(member: T): void {
    if (member.set === this) return;
    if (member.set !== undefined) throw new Error("A member of one set joined another");
    const last = this.#last;
    member.set = this;
    member.previous = last;
    if (last) last.next = member;
    else this.#first = member;
    this.#last = member;
    this.#size += 1;
    for (const cursor of this.#cursors) cursor.next ??= member;
  }

  /**
   * Returns whether the member was in the set. A removed member keeps no references: it may be old, and would keep
   * young members alive.
   */
  delete(member: T): boolean {
    if (member.set !== this) return false;
    const { previous, next } = member;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    member.set = undefined;
    member.previous = undefined;
    member.next = undefined;
    this.#size -= 1;
    for (const cursor of this.#cursors) if (cursor.next === member) cursor.next = next;
    return true;
  }

  clear(): void {
    while (this.#first) this.delete(this.#first);
  }

  *[Symbol.iterator](): Generator<T, void> {
    const cursor = { next: this.#first };
    this.#cursors.push(cursor);
    try {
      for (let member = cursor.next; member; member = cursor.next) {
        cursor.next = member.next;
        yield member;
      }
    } finally {
      this.#cursors.splice(this.#cursors.indexOf(cursor), 1);
    }
  }
}
