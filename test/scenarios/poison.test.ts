/** A message the broker dies of, over the real protocols: it is found, and takes nothing with it. */
import { describe, expect, it } from "vitest";
import { storyConnection, storyGroup } from "../support/stories.ts";
import { forbidUnhandledRejections, rejectionOf } from "../support/toy-connection.ts";
import { wordKiller } from "../support/word-killer.ts";

forbidUnhandledRejections();

describe.each(["stomp", "amqp"] as const)("over %s", (protocol) => {
  async function deadly(word: string) {
    const group = await storyGroup(protocol, { members: 1 });
    const killer = await wordKiller(group.endpoints(protocol)[0]?.port ?? 0, word);
    const connection = storyConnection(`${protocol}://127.0.0.1:${killer.port}`, { minConnectTime: 0 });
    return { group, killer, connection: await connection.connect() };
  }

  it("rejects the send that kills every session, and confirms all others in their order", async () => {
    const { group, killer, connection } = await deadly("DEADLY");
    const bodies = Array.from({ length: 20 }, (_, n) => `m${n}`);
    const before = bodies.slice(0, 10).map((body) => connection.send("queue://q", body));
    const poison = rejectionOf(connection.send("queue://q", "this is DEADLY", { id: "bad" }));
    const after = bodies.slice(10).map((body) => connection.send("queue://q", body));
    await Promise.all([...before, ...after]);
    expect(await poison).toMatchObject({ code: "POISON_SEND", id: "bad" });
    expect(killer.killed).toBe(4);
    const stored = (await group.messages("q")).map(({ text }) => text);
    expect(stored.filter((body, index) => stored.indexOf(body) === index)).toEqual(bodies);
    expect(connection.stats()).toMatchObject({ confirmed: 20, failed: 1, pendingSends: 0, state: "connected" });
    expect(await connection.send("queue://q", "later")).toMatchObject({ resent: false });
  });

  it("refuses the subscription that kills every session, and restores the others", async () => {
    const { connection } = await deadly("DEADLY");
    const good = connection.consume("queue://good");
    await good.ready;
    const bad = connection.consume("queue://DEADLY");
    expect(await rejectionOf(bad.next())).toMatchObject({ code: "SUBSCRIPTION_REFUSED" });
    await connection.send("queue://good", "still here");
    const { value } = await good.next();
    expect(value.message.text()).toBe("still here");
    expect(await value.accept()).toBe("settled");
    expect(connection.stats().consumers).toBe(1);
  });
});
