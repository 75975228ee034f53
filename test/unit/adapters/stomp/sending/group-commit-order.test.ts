import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openStompSession } from "../../../../../src/adapters/stomp/open-session.ts";
import type { MessagingSession } from "../../../../../src/messaging/port/messaging-session.ts";
import { TestSend } from "../messaging-steps.ts";
import { CLASSIC, frame, type PeerConnection, type PeerFrame, SETTINGS, StompPeer } from "../stomp-peer.ts";

/** What is refused, and how the broker tells of it when nobody asked for a receipt. */
type Refused = "at-once" | "late";
interface Plan {
  /** How many sends each turn has. */
  readonly turns: readonly number[];
  readonly refused: ReadonlyMap<number, Refused>;
  /** The connections that close, after so many frames. */
  readonly cuts: readonly number[];
}

/** As much of Classic as there is to sends: what is stored, in order, and what is refused. */
class Store {
  readonly stored: number[] = [];
  readonly #refused: Plan["refused"];
  readonly #cuts: number[];

  constructor({ refused, cuts }: Plan) {
    this.#refused = refused;
    this.#cuts = [...cuts];
  }

  async serve(connection: PeerConnection): Promise<void> {
    const transactions = new Map<string, { readonly members: number[]; rollbackOnly: boolean }>();
    const refusal = (to: PeerFrame) => ({
      message: "refused",
      ...("receipt" in to.headers && { "receipt-id": to.headers["receipt"] ?? "" }),
    });
    const take: Record<string, (one: PeerFrame, id: string) => boolean> = {
      CONNECT: () => {
        connection.connected(CLASSIC, "1.2", "60000,60000");
        return true;
      },
      BEGIN: (_, id) => {
        transactions.set(id, { members: [], rollbackOnly: false });
        return true;
      },
      ABORT: (_, id) => transactions.delete(id),
      SEND: ({ body }, id) => {
        const transaction = transactions.get(id);
        const number = Number(`${body}`);
        const how = this.#refused.get(number);
        if (how === "late" && transaction) transaction.rollbackOnly = true;
        else if (how === undefined) (transaction?.members ?? this.stored).push(number);
        return how === undefined || (how === "late" && transaction !== undefined);
      },
      COMMIT: (_, id) => {
        const { members = [], rollbackOnly = false } = transactions.get(id) ?? {};
        transactions.delete(id);
        if (!rollbackOnly) this.stored.push(...members);
        return !rollbackOnly;
      },
    };
    const cut = this.#cuts.shift() ?? Number.POSITIVE_INFINITY;
    for (let nth = 0; nth < cut; nth++) {
      await connection
        .until(() => connection.frames.length > nth || connection.socket.destroyed, `frame ${nth}`)
        .catch(() => connection.socket.destroy());
      const one = connection.frames[nth];
      if (one === undefined) return;
      const done = take[one.command]?.(one, one.headers["transaction"] ?? "") ?? true;
      if (!done) connection.write(frame("ERROR", refusal(one)));
      else if ("receipt" in one.headers) connection.receipt(one);
    }
    connection.socket.destroy();
  }
}

/** Sends all as messaging would, on as many sessions as it takes. */
async function sendAll(plan: Plan, store: Store): Promise<TestSend[]> {
  await using peer = await StompPeer.listen((connection) => store.serve(connection));
  const openSession = openStompSession({ ...SETTINGS, groupCommit: true, heartbeatMs: 60_000 });
  const connect = () => openSession(peer.endpoint, { signal: AbortSignal.timeout(10_000), turn: async () => {} });
  const sends: TestSend[] = [];
  const open = () => sends.filter(({ outcomes }) => outcomes.length === 0);
  let session: MessagingSession = await connect();
  for (let turn = 0; turn < plan.turns.length || open().length > 0; turn++) {
    for (let count = plan.turns[turn] ?? 0; count > 0; count--) {
      const send = new TestSend(`${sends.length}`);
      sends.push(send);
      session.send(send);
    }
    const last = turn >= plan.turns.length - 1;
    const over = await Promise.race([
      session.ended.then(() => true),
      last
        ? Promise.all(open().map(({ outcome }) => outcome)).then(() => false)
        : new Promise<false>((resolve) => setImmediate(resolve, false)),
    ]);
    if (!over) continue;
    session = await connect();
    for (const send of open()) {
      send.inDoubt ||= send.written > 0;
      send.written = 0;
      session.send(send);
    }
  }
  session.destroy(new (await import("../../../../../src/errors/errors.ts")).ConnectionClosedError("over"));
  return sends;
}

const plans = fc
  .record({
    turns: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 8 }),
    refused: fc.array(fc.tuple(fc.nat(60), fc.constantFrom<Refused>("at-once", "late")), { maxLength: 4 }),
    cuts: fc.array(fc.integer({ min: 2, max: 40 }), { maxLength: 3 }),
  })
  .map(({ turns, refused, cuts }): Plan => ({ turns, refused: new Map(refused), cuts }));

describe("group commit, whatever is refused and whenever sessions end", () => {
  it("gives each send one outcome, stores the others in order, and stores only sends in doubt twice", async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const store = new Store(plan);
        const sends = await sendAll(plan, store);
        const outcomes = sends.map(({ outcomes }) => outcomes.map(({ kind }) => kind));
        expect(outcomes).toEqual(sends.map((_, number) => [plan.refused.has(number) ? "failed" : "confirmed"]));
        const first = [...new Set(store.stored)];
        expect(first).toEqual(sends.map((_, number) => number).filter((number) => !plan.refused.has(number)));
        const twice = store.stored.filter((number, at) => store.stored.indexOf(number) !== at);
        expect(twice.every((number) => sends[number]?.inDoubt)).toBe(true);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
