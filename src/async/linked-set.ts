/**
 * A Set for members that come and go by the thousand each second. V8's own, and its Map, chain each outgrown table to
 * the next: once one of them is old, whatever passes through the later ones outlives the young generation, and
 * collecting it costs more than the rest of a message's way (docs/decisions/0018-amqp-hot-path.md).
 */

/** What a member has room for; it is in one set at most. */
export interface Linkable<T> {
  /** The set it is in. */
  set: object | undefined;
  previous: T | undefined;
  next: T | undefined;
}

/** The room, for classes whose objects are members. */
export class LinkedMember<T> implements Linkable<T> {
  set: object | undefined = undefined;
  previous: T | undefined = undefined;
  next: T | undefined = undefined;
}

/** In the order of joining. As with a Set, an iteration skips what leaves before it is reached, and reaches what joins. */
export class LinkedSet<T extends Linkable<T>> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;
  /** What each iteration under way comes to next; undefined: to whatever joins. */
  readonly #cursors: { next: T | undefined }[] = [];

  get size(): number {
    return this.#size;
  }

  has(member: T): boolean {
    return member.set === this;
  }

  /** Nothing, for one that is in it already. */
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

  /** Returns whether it was in it. What has left points nowhere: it may be old, and keep the young alive. */
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
