import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Linkable, LinkedSet } from "../../../src/async/linked-set.ts";

class Member implements Linkable<Member> {
  readonly name: number;
  set: object | undefined = undefined;
  previous: Member | undefined = undefined;
  next: Member | undefined = undefined;

  constructor(name: number) {
    this.name = name;
  }
}

const membersOf = (count: number) => Array.from({ length: count }, (_, name) => new Member(name));
const names = (set: Iterable<Member>) => [...set].map(({ name }) => name);

describe("a linked set", () => {
  it("does what a Set does", () => {
    const step = fc.tuple(fc.constantFrom("add", "delete", "clear"), fc.nat(9));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const members = membersOf(10);
        const linked = new LinkedSet<Member>();
        const model = new Set<Member>();
        for (const [act, index] of steps) {
          const member = members[index] as Member;
          if (act === "add") {
            linked.add(member);
            model.add(member);
          } else if (act === "delete") expect(linked.delete(member)).toBe(model.delete(member));
          else {
            linked.clear();
            model.clear();
          }
          expect(names(linked)).toEqual(names(model));
          expect(linked.size).toBe(model.size);
          for (const each of members) expect(linked.has(each)).toBe(model.has(each));
        }
      }),
    );
  });

  it("is iterated over as a Set is while members come and go", () => {
    const step = fc.tuple(fc.boolean(), fc.nat(9));
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 12 }), (turns) => {
        const walk = (set: LinkedSet<Member> | Set<Member>) => {
          const members = membersOf(10);
          for (const member of members.slice(0, 5)) set.add(member);
          const seen: number[] = [];
          for (const { name } of set) {
            // A Set that is left and joined again by what it comes to has no end.
            for (const [joins, index] of turns[seen.length] ?? []) {
              if (joins) set.add(members[index] as Member);
              else set.delete(members[index] as Member);
            }
            seen.push(name);
          }
          return seen;
        };
        expect(walk(new LinkedSet<Member>())).toEqual(walk(new Set<Member>()));
      }),
    );
  });

  it("goes on after an iteration that was broken off", () => {
    const set = new LinkedSet<Member>();
    const [first, second] = membersOf(2) as [Member, Member];
    set.add(first);
    for (const _ of set) break;
    set.delete(first);
    set.add(second);
    expect(names(set)).toEqual([1]);
  });

  it("has members that are in no other, and point nowhere once they have left", () => {
    const [one, other] = [new LinkedSet<Member>(), new LinkedSet<Member>()];
    const members = membersOf(3);
    for (const member of members) one.add(member);
    const [, second] = members as [Member, Member];
    expect(() => other.add(second)).toThrow("joined another");
    expect(other.delete(second)).toBe(false);
    one.delete(second);
    expect(second).toMatchObject({ set: undefined, previous: undefined, next: undefined });
    other.add(second);
    expect([names(one), names(other)]).toEqual([[0, 2], [1]]);
  });
});
