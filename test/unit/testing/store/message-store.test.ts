import { appendFile, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MessageStore } from "../../../../src/testing/store/message-store.ts";
import type { MessageDraft, StoredMessage } from "../../../../src/testing/store/stored-message.ts";

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

const add = (store: MessageStore, message: MessageDraft) =>
  new Promise<StoredMessage | undefined>((resolve) => store.add(message, resolve));
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
    store.add(draft("lost"), () => confirmed.push("lost"));
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
      store.add(draft("1"), () => order.push("1"));
      store.add(draft("2", { persistent: false }), () => order.push("2"));
      store.add(draft("3"), () => order.push("3"));
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

  it("drops a second message with the same id only where asked to, also after a crash", async () => {
    const careless = await openStore();
    expect(await add(careless, draft("a", { duplicateId: "1" }))).toBeDefined();
    expect(await add(careless, draft("a", { duplicateId: "1" }))).toBeDefined();
    await careless.abandon();
    const careful = await openStore(true);
    expect(await add(careful, draft("a", { duplicateId: "1" }))).toBeUndefined();
    const elsewhere = draft("a", { duplicateId: "1", destination: { kind: "queue", name: "other" } });
    expect(await add(careful, elsewhere)).toBeDefined();
    await careful.close();
  });

  it("makes the journal anew once it holds mostly settled messages, and remembers ids and numbers", async () => {
    const store = await openStore(true);
    const body = "x".repeat(64 * 1024);
    let last: StoredMessage | undefined;
    for (let count = 0; count < 80; count++) {
      last = await add(store, draft(body, { duplicateId: `id-${count}` }));
      if (last) store.remove(last);
    }
    const kept = await add(store, draft("kept"));
    await store.close();
    expect((await stat(join(directory, "journal"))).size).toBeLessThan(2 * 1024 * 1024);
    const next = await openStore(true);
    expect(texts(next)).toEqual(["kept"]);
    expect(await add(next, draft("again", { duplicateId: "id-0" }))).toBeUndefined();
    expect((await add(next, draft("new")))?.sequence).toBeGreaterThan(kept?.sequence ?? Number.NaN);
    await next.close();
  });
});
