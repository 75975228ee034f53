import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MessageStore } from "../../../../src/testing/store/message-store.ts";
import {
  type MessageDraft,
  type StoredMessage,
  subscriptionKey,
} from "../../../../src/testing/store/stored-message.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "message-store-test-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const openStore = (duplicateDetection = false) =>
  MessageStore.open({
    directory,
    duplicateDetection,
    onFailure: (cause) => {
      throw cause;
    },
  });

function draft(text: string, more: Partial<MessageDraft> = {}): MessageDraft {
  return {
    destination: { kind: "queue", name: "q" },
    persistent: true,
    priority: 4,
    expiresAtMs: undefined,
    duplicateId: undefined,
    content: { protocol: "stomp", headers: {}, kind: "text", body: Buffer.from(text) },
    ...more,
  };
}

const change = (store: MessageStore, added: readonly MessageDraft[], removed: readonly StoredMessage[] = []) =>
  new Promise<readonly StoredMessage[]>((resolve) => store.change({ added, removed }, resolve));
const add = async (store: MessageStore, message: MessageDraft) => (await change(store, [message]))[0];
const texts = (store: MessageStore) => [...store.messages()].map(({ content }) => content.body.toString());

describe("MessageStore", () => {
  it("holds after a crash what was confirmed before it, in order", async () => {
    const store = await openStore();
    await Promise.all(["a", "b", "c"].map((text) => add(store, draft(text))));
    await store.abandon();
    const next = await openStore();
    expect(texts(next)).toEqual(["a", "b", "c"]);
    await next.close();
  });

  it("loses in a crash what was not synced, and confirms none of it", async () => {
    const store = await openStore();
    await add(store, draft("kept"));
    const confirmed: string[] = [];
    store.change({ added: [draft("lost")] }, () => confirmed.push("lost"));
    await store.abandon();
    const next = await openStore();
    expect(texts(next)).toEqual(["kept"]);
    expect(confirmed).toEqual([]);
    await next.close();
  });

  it("confirms in the order of the sends, persistent or not", async () => {
    const store = await openStore();
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      store.change({ added: [draft("1")] }, () => order.push("1"));
      store.change({ added: [draft("2", { persistent: false })] }, () => order.push("2"));
      store.change({ added: [draft("3")] }, () => order.push("3"));
      store.afterAll(() => resolve());
    });
    expect(order).toEqual(["1", "2", "3"]);
    await store.close();
  });

  it("forgets what was settled, and never gives its number again", async () => {
    const store = await openStore();
    const [first, second] = [await add(store, draft("a")), await add(store, draft("b"))];
    if (first) store.remove(first);
    await store.close();
    const next = await openStore();
    expect(texts(next)).toEqual(["b"]);
    const third = await add(next, draft("c"));
    expect(third?.sequence).toBeGreaterThan(second?.sequence ?? Number.NaN);
    await next.close();
  });

  it("begins after a torn tail, and appends behind what is whole", async () => {
    const store = await openStore();
    await add(store, draft("whole"));
    await store.close();
    await appendFile(join(directory, "journal"), Buffer.from([0, 0, 1, 0, 1, 2, 3]));
    const next = await openStore();
    await add(next, draft("after"));
    await next.close();
    const last = await openStore();
    expect(texts(last)).toEqual(["whole", "after"]);
    await last.close();
  });

  it("knows the ids of its messages again after a crash, by destination and only where asked to", async () => {
    const first = await openStore(true);
    const { destination } = draft("a");
    await add(first, draft("a", { duplicateId: "1" }));
    await first.abandon();
    const careful = await openStore(true);
    expect(careful.knows(destination, "1")).toBe(true);
    expect(careful.knows(destination, "2")).toBe(false);
    expect(careful.knows({ kind: "queue", name: "other" }, "1")).toBe(false);
    await careful.close();
    const careless = await openStore();
    expect(careless.knows(destination, "1")).toBe(false);
    await careless.close();
  });

  it("makes a change whole or not at all, wherever a crash cuts its record", async () => {
    const store = await openStore();
    const settled = await add(store, draft("settled"));
    const before = (await stat(join(directory, "journal"))).size;
    await change(store, [draft("one"), draft("two", { persistent: false }), draft("three")], settled ? [settled] : []);
    await store.close();
    const journal = await readFile(join(directory, "journal"));
    for (let kept = before; kept <= journal.length; kept++) {
      await writeFile(join(directory, "journal"), journal.subarray(0, kept));
      const next = await openStore();
      expect(texts(next)).toEqual(kept < journal.length ? ["settled"] : ["one", "three"]);
      await next.abandon();
    }
  });

  it("keeps durable subscriptions over a crash, and forgets a deleted one with what it had collected", async () => {
    const store = await openStore();
    const destination = { kind: "topic", name: "t" } as const;
    const subscriptions = ["kept", "deleted"].map((name) => ({ clientId: "c", name, destination }));
    for (const subscription of subscriptions) store.subscribe(subscription);
    await change(
      store,
      subscriptions.map((one) => draft(one.name, { destination, subscription: subscriptionKey(one) })),
    );
    store.unsubscribe(subscriptionKey({ clientId: "c", name: "deleted" }));
    await new Promise<void>((resolve) => store.afterAll(resolve));
    await store.abandon();
    const next = await openStore();
    expect([...next.subscriptions()]).toEqual([subscriptions[0]]);
    expect(texts(next)).toEqual(["kept"]);
    await next.close();
  });

  it("makes the journal anew once it holds mostly settled messages, and remembers ids, numbers and durable subscriptions", async () => {
    const store = await openStore(true);
    const subscription = { clientId: "c", name: "n", destination: { kind: "topic", name: "t" } } as const;
    store.subscribe(subscription);
    const body = "x".repeat(64 * 1024);
    let last: StoredMessage | undefined;
    for (let count = 0; count < 80; count++) {
      const message = draft(body, { duplicateId: `id-${count}` });
      store.remember(message.destination, message.duplicateId);
      last = await add(store, message);
      if (last) store.remove(last);
    }
    const kept = await add(store, draft("kept"));
    await store.close();
    expect((await stat(join(directory, "journal"))).size).toBeLessThan(2 * 1024 * 1024);
    const next = await openStore(true);
    expect(texts(next)).toEqual(["kept"]);
    expect(next.knows(draft("").destination, "id-0")).toBe(true);
    expect([...next.subscriptions()]).toEqual([subscription]);
    expect((await add(next, draft("new")))?.sequence).toBeGreaterThan(kept?.sequence ?? Number.NaN);
    await next.close();
  });
});
