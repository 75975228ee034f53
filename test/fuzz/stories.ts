/** The conversations that are recorded and played: each is what a client asks of one session, in order. */
import { MasterSlaveError } from "../../src/errors/errors.ts";
import { OVER, type Scene } from "./scene.ts";

export type StoryName = keyof typeof STORIES;

const ACCEPTED = { kind: "accepted" } as const;

async function sends(scene: Scene, queue: string): Promise<void> {
  await scene.send(queue, "text with ünïcode and 💶", { properties: { n: 1, s: "a:b\\c\nd", yes: true } });
  await scene.send(queue, Buffer.from([0, 1, 2, 255, 0, 10]), { persistent: false, priority: 9 });
  await Promise.all([1, 2, 3].map((n) => scene.send(queue, { n, list: [null, "x"] }, { correlationId: `c${n}` })));
  await scene.send("topic://fuzz.topic", "to nobody", { ttlMs: 60_000 });
}

async function settlements(scene: Scene, queue: string): Promise<void> {
  const consumer = scene.consume(queue);
  await consumer.ready;
  await Promise.all([0, 1, 2].map((n) => scene.send(queue, `message ${n}`, { properties: { n }, type: "t" })));
  await consumer.settle(await consumer.delivery(0), ACCEPTED);
  await consumer.settle(await consumer.delivery(1), ACCEPTED, { confirmed: true });
  await consumer.settle(await consumer.delivery(2), { kind: "rejected", reason: "no use" });
  await scene.send(queue, Buffer.alloc(3000, "long "));
  await consumer.settle(await consumer.delivery(3), ACCEPTED);
  await consumer.close();
}

async function transactions(scene: Scene, queue: string): Promise<void> {
  const consumer = scene.consume(queue);
  await consumer.ready;
  await scene.send(queue, "taken in a transaction");
  const delivery = await consumer.delivery(0);
  const first = scene.session.begin();
  await Promise.all([1, 2].map((n) => scene.send("queue://fuzz.other", `member ${n}`, {}, first)));
  await consumer.settle(delivery, ACCEPTED, { transaction: first });
  await scene.settles("a commit", first.commit());
  const second = scene.session.begin();
  await scene.send("queue://fuzz.other", "undone", {}, second);
  await scene.settles("a rollback", second.rollback());
  await consumer.close();
}

async function browsing(scene: Scene, queue: string): Promise<void> {
  await Promise.all([1, 2, 3].map((n) => scene.send(queue, `shown ${n}`)));
  const browser = scene.consume(queue, { browse: true });
  for (const n of [0, 1, 2]) await browser.settle(await browser.delivery(n), ACCEPTED);
  await browser.browsed;
  await browser.close();
}

async function replies(scene: Scene, queue: string): Promise<void> {
  const responder = scene.consume(queue);
  const inbox = scene.consume({ kind: "temp-queue", name: "replies" }, { autoSettled: true });
  const [, address] = await Promise.all([responder.ready, inbox.ready]);
  await scene.send(queue, "what?", { correlationId: "one" });
  await responder.settle(await responder.delivery(0), ACCEPTED);
  if (address === undefined) return;
  await scene.send(address, "that", { correlationId: "one" });
  await inbox.delivery(0);
}

async function refusals(scene: Scene, queue: string): Promise<void> {
  const unlessOver = (error: unknown) => {
    if (error === OVER) throw error;
  };
  await scene.consume(queue, { selector: "this is (no selector" }).ready.catch(unlessOver);
  await scene.send(queue, "goes on");
  const named = { name: "nobody", durable: true, shared: false };
  await scene.settles("an unsubscription", scene.session.unsubscribe(named)).catch(unlessOver);
}

export const STORIES = { sends, settlements, transactions, browsing, replies, refusals } as const;
export const STORY_NAMES = Object.keys(STORIES) as readonly StoryName[];

/** Plays one, and leaves. Resolves with why it did not come to its own end, if so; what must not be is among the scene's violations. */
export async function playStory(scene: Scene, name: StoryName): Promise<unknown> {
  try {
    await STORIES[name](scene, `queue://fuzz.${name}`);
    await scene.session.close(new AbortController().signal);
    return undefined;
  } catch (error) {
    if (error !== OVER && !(error instanceof MasterSlaveError && error.code !== "INTERNAL"))
      scene.violations.push(`The story threw ${error instanceof Error ? error.stack : String(error)}`);
    return error;
  }
}
