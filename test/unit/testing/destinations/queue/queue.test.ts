import { describe, expect, it } from "vitest";
import { Queue } from "../../../../../src/testing/destinations/queue/queue.ts";
import type { QueueConsumer, QueueEntry } from "../../../../../src/testing/destinations/queue/queue-entry.ts";
import type { StoredMessage } from "../../../../../src/testing/store/stored-message.ts";

function message(sequence: number, expiresAtMs?: number, more: Partial<StoredMessage> = {}): StoredMessage {
  const content = { protocol: "stomp", headers: {}, kind: "text", body: Buffer.from(`${sequence}`) } as const;
  const destination = { kind: "queue", name: "q" } as const;
  return {
    sequence,
    destination,
    persistent: true,
    priority: 4,
    expiresAtMs,
    duplicateId: undefined,
    content,
    ...more,
  };
}

class Taker implements QueueConsumer {
  selects: QueueConsumer["selects"];
  readonly taken: QueueEntry[] = [];
  limit: number;
  readonly exclusive: boolean;
  constructor(limit = Number.POSITIVE_INFINITY, exclusive = false) {
    this.limit = limit;
    this.exclusive = exclusive;
  }
  get ready(): boolean {
    return this.taken.length < this.limit;
  }
  take(entry: QueueEntry): void {
    this.taken.push(entry);
  }
  get sequences(): number[] {
    return this.taken.map((entry) => entry.message.sequence);
  }
}

function queueOf(count: number): { readonly queue: Queue; readonly settled: number[]; readonly dead: number[] } {
  const settled: number[] = [];
  const dead: number[] = [];
  const queue = new Queue({
    onSettled: ({ sequence }) => settled.push(sequence),
    onDeadLetter: ({ sequence }) => dead.push(sequence),
  });
  for (let sequence = 1; sequence <= count; sequence++) queue.enqueue(message(sequence));
  return { queue, settled, dead };
}

describe("Queue", () => {
  it("hands out in order, as much as the consumer takes", () => {
    const { queue } = queueOf(5);
    const taker = new Taker(3);
    queue.attach(taker);
    expect(taker.sequences).toEqual([1, 2, 3]);
    expect(queue.stats()).toMatchObject({ ready: 2, unsettled: 3, consumers: 1, enqueued: 5 });
  });

  it("serves competing consumers in turn", () => {
    const { queue } = queueOf(0);
    const [one, other] = [new Taker(), new Taker()];
    queue.attach(one);
    queue.attach(other);
    for (let sequence = 1; sequence <= 6; sequence++) queue.enqueue(message(sequence));
    expect([one.sequences.length, other.sequences.length]).toEqual([3, 3]);
    expect([...one.sequences, ...other.sequences].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("hands a message to a consumer that selects it, past those that nobody selects, which stay in their order", () => {
    const { queue } = queueOf(0);
    const [even, low] = [new Taker(), new Taker()];
    even.selects = ({ content }) => Number(content.body.toString()) % 2 === 0;
    low.selects = ({ content }) => Number(content.body.toString()) < 3;
    queue.attach(even);
    queue.attach(low);
    for (let sequence = 1; sequence <= 7; sequence++) queue.enqueue(message(sequence));
    queue.enqueue(message(9, 1));
    expect([...even.sequences, ...low.sequences].sort()).toEqual([1, 2, 4, 6]);
    expect(queue.stats()).toMatchObject({ ready: 3, expired: 1 });
    const rest = new Taker();
    queue.attach(rest);
    expect(rest.sequences).toEqual([3, 5, 7]);
  });

  it("gives back to the front in the original order when a consumer goes, and says so", () => {
    const { queue } = queueOf(5);
    const first = new Taker(3);
    queue.attach(first);
    const [one] = first.taken;
    if (one) queue.accept(one);
    queue.detach(first, first.taken.slice(1).reverse());
    const second = new Taker();
    queue.attach(second);
    expect(second.sequences).toEqual([2, 3, 4, 5]);
    expect(second.taken.map(({ redelivered, failures }) => [redelivered, failures])).toEqual([
      [true, 1],
      [true, 1],
      [false, 0],
      [false, 0],
    ]);
  });

  it("merges what two consumers give back", () => {
    const { queue } = queueOf(4);
    const [one, other] = [new Taker(2), new Taker(2)];
    queue.attach(one);
    queue.attach(other);
    queue.detach(other, other.taken);
    queue.detach(one, one.taken);
    const last = new Taker();
    queue.attach(last);
    expect(last.sequences).toEqual([1, 2, 3, 4]);
  });

  it("counts a released delivery as in vain only if it failed", () => {
    const { queue } = queueOf(1);
    const taker = new Taker(1);
    queue.attach(taker);
    const [entry] = taker.taken.splice(0);
    if (entry) queue.release([entry], { failed: false });
    expect(taker.taken[0]).toMatchObject({ failures: 0, redelivered: true });
  });

  it("settles an entry once", () => {
    const { queue, settled, dead } = queueOf(1);
    const taker = new Taker();
    queue.attach(taker);
    const [entry] = taker.taken;
    if (entry) {
      queue.accept(entry);
      queue.accept(entry);
      queue.deadLetter(entry);
      queue.release([entry], { failed: true });
    }
    expect([settled, dead]).toEqual([[1], []]);
    expect(queue.stats()).toMatchObject({ ready: 0, unsettled: 0, accepted: 1, deadLettered: 0 });
  });

  it("drops what has expired when its turn comes", () => {
    const { queue, settled } = queueOf(0);
    queue.enqueue(message(1, Date.now() - 1));
    queue.enqueue(message(2, Date.now() + 60_000));
    const taker = new Taker();
    queue.attach(taker);
    expect([taker.sequences, settled]).toEqual([[2], [1]]);
    expect(queue.stats().expired).toBe(1);
  });

  it("drops the oldest past its limit", () => {
    const queue = new Queue({ onSettled: () => {}, onDeadLetter: () => {} }, 3);
    for (let sequence = 1; sequence <= 5; sequence++) queue.enqueue(message(sequence));
    const taker = new Taker();
    queue.attach(taker);
    expect(taker.sequences).toEqual([3, 4, 5]);
    expect(queue.stats().dropped).toBe(2);
  });

  it("hands out by priority, and within a priority in order, also what came back", () => {
    const { queue } = queueOf(0);
    for (const [index, priority] of [1, 9, 1, 9, 4].entries()) queue.enqueue(message(index, undefined, { priority }));
    const first = new Taker(3);
    queue.attach(first);
    expect(first.sequences).toEqual([1, 3, 4]);
    queue.detach(first, [...first.taken].reverse());
    const second = new Taker();
    queue.attach(second);
    expect(second.sequences).toEqual([1, 3, 4, 0, 2]);
  });

  it("keeps a group with its consumer, and others from waiting for it", () => {
    const { queue } = queueOf(0);
    const [one, other] = [new Taker(1), new Taker(1)];
    queue.attach(one);
    const group = { id: "g", closes: false };
    queue.enqueue(message(1, undefined, { group }));
    queue.attach(other);
    for (const sequence of [2, 3]) queue.enqueue(message(sequence, undefined, { group }));
    queue.enqueue(message(4));
    expect([one.sequences, other.sequences]).toEqual([[1], [4]]);
    one.limit = 2;
    other.limit = 9;
    queue.dispatch();
    expect([one.sequences, other.sequences]).toEqual([[1, 2], [4]]);
    queue.detach(one, one.taken);
    expect(other.sequences).toEqual([4, 1, 2, 3]);
  });

  it("gives everything to an exclusive consumer while it is there", () => {
    const { queue } = queueOf(0);
    const [plain, exclusive] = [new Taker(), new Taker(2, true)];
    queue.attach(plain);
    queue.attach(exclusive);
    for (const sequence of [1, 2, 3]) queue.enqueue(message(sequence));
    expect([plain.sequences, exclusive.sequences]).toEqual([[], [1, 2]]);
    queue.detach(exclusive, exclusive.taken);
    expect(plain.sequences).toEqual([1, 2, 3]);
  });

  it("keeps order through many more messages than it shifts at once", () => {
    const { queue } = queueOf(5000);
    const taker = new Taker();
    queue.attach(taker);
    expect(taker.sequences).toEqual(Array.from({ length: 5000 }, (_, index) => index + 1));
  });

  it("puts a message that came back in its place among those that a selector left", () => {
    const { queue } = queueOf(0);
    for (const sequence of [1, 2, 3]) queue.enqueue(message(sequence));
    const choosy = new Taker();
    choosy.selects = (draft) => (draft as StoredMessage).sequence === 2;
    queue.attach(choosy);
    expect(choosy.sequences).toEqual([2]);
    queue.detach(choosy, choosy.taken);
    const plain = new Taker();
    queue.attach(plain);
    expect(plain.sequences).toEqual([1, 2, 3]);
  });

  it("drops what has expired among messages that a selector has left before", () => {
    const { queue, settled } = queueOf(0);
    const choosy = new Taker();
    choosy.selects = () => false;
    queue.attach(choosy);
    const soon = Date.now() + 20;
    queue.enqueue(message(1, soon));
    queue.enqueue(message(2));
    while (Date.now() < soon) {
      // It expires behind the place up to which the consumer has looked.
    }
    queue.dispatch();
    expect([settled, queue.stats()]).toMatchObject([[1], { ready: 1, expired: 1 }]);
  });
});

describe("a consumer's selector", () => {
  const BACKLOG = 500;
  const evaluated = (
    queue: Queue,
    selected: readonly number[],
    more?: (sequence: number) => Partial<StoredMessage>,
  ) => {
    const counts = { evaluations: 0 };
    const taker = new Taker();
    taker.selects = (draft) => {
      counts.evaluations++;
      return selected.includes((draft as StoredMessage).sequence);
    };
    queue.attach(taker);
    for (let sequence = 1; sequence <= BACKLOG; sequence++)
      queue.enqueue(message(sequence, undefined, more?.(sequence)));
    return { taker, counts };
  };

  it("is evaluated once for each message of a backlog, however many come and however often the consumer asks", () => {
    const { queue } = queueOf(0);
    const { taker, counts } = evaluated(queue, [100, BACKLOG]);
    for (let asked = 0; asked < BACKLOG; asked++) queue.dispatch();
    expect(taker.sequences).toEqual([100, BACKLOG]);
    expect(counts.evaluations).toBe(BACKLOG);
  });

  it("is evaluated once for each message by each of two consumers, over all priorities", () => {
    const { queue } = queueOf(0);
    const first = new Taker();
    const asked: number[] = [];
    first.selects = (draft) => {
      asked.push((draft as StoredMessage).sequence);
      return false;
    };
    queue.attach(first);
    const { counts } = evaluated(queue, [], (sequence) => ({ priority: sequence % 10 }));
    expect([asked.length, counts.evaluations]).toEqual([BACKLOG, BACKLOG]);
  });

  it("is evaluated once for each message while messages of another consumer's group wait in front", () => {
    const { queue } = queueOf(0);
    const owner = new Taker(1);
    queue.attach(owner);
    const group = { id: "g", closes: false };
    queue.enqueue(message(-1, undefined, { group }));
    queue.enqueue(message(-2, undefined, { group }));
    const { counts } = evaluated(queue, []);
    expect(counts.evaluations).toBeLessThanOrEqual(BACKLOG + 1);
    expect(owner.sequences).toEqual([-1]);
  });

  it("finds what came back in front of messages that it left, without evaluating those again", () => {
    const { queue } = queueOf(0);
    const { taker, counts } = evaluated(queue, [1, 2]);
    for (let round = 0; round < 50; round++) {
      const back = taker.taken.splice(0);
      expect(back.map((entry) => entry.message.sequence)).toEqual([1, 2]);
      queue.release(back, { failed: false });
      queue.dispatch();
    }
    expect(counts.evaluations).toBeLessThanOrEqual(BACKLOG + 50 * 2);
  });

  it("finds what another consumer gave back in front of messages that it left", () => {
    const { queue } = queueOf(0);
    queue.enqueue(message(0));
    const other = new Taker(1);
    queue.attach(other);
    const { taker } = evaluated(queue, [0]);
    queue.detach(other, other.taken);
    expect(taker.sequences).toEqual([0]);
  });

  it("is asked for the messages of a consumer that leaves, groups of its own among them", () => {
    const { queue } = queueOf(0);
    const owner = new Taker(1);
    queue.attach(owner);
    const group = { id: "g", closes: false };
    queue.enqueue(message(-1, undefined, { group }));
    queue.enqueue(message(-2, undefined, { group }));
    const { taker } = evaluated(queue, [-1, -2, 7]);
    expect(taker.sequences).toEqual([7]);
    queue.detach(owner, owner.taken);
    expect(taker.sequences).toEqual([7, -1, -2]);
  });
});
