/** What Qpid JMS's failover tests say of sends (Q22-Q33), over scripted peers. */
import { describe, expect, it } from "vitest";
import { AmqpPeer } from "../../support/peers/amqp-peer.ts";
import { groupOf } from "../../support/peers/scripted-peer.ts";
import { storyConnection } from "../../support/stories.ts";
import { forbidUnhandledRejections, rejectionOf } from "../../support/toy-connection.ts";

forbidUnhandledRejections();

describe("a send without an outcome", () => {
  it("is sent again to the next peer, the same message, when the socket drops before the disposition", async () => {
    const [first, second] = [await AmqpPeer.listen(), await AmqpPeer.listen()];
    first.expectConnection();
    first.expectAttach("sender", "q").grant();
    first.expectTransfer("one").dropBeforeDisposition();
    second.expectConnection();
    second.expectAttach("sender", "q").grant();
    second.expectTransfer("one").accept();

    const connection = await storyConnection(groupOf(first, second)).connect();
    expect(await connection.send("q", "one")).toMatchObject({ resent: true, endpoint: { port: second.port } });
    await Promise.all([first.done, second.done]);
    expect(second.transfers[0]?.message_id).toBe(first.transfers[0]?.message_id);
  });
});
