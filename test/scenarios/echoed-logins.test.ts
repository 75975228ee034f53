/** Peers that say the login back wherever a text of theirs can stand: no error and no property tells it. */
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { forbidProcessTrouble } from "../support/process-trouble.ts";
import { next, storyConnection } from "../support/stories.ts";
import { rejectionOf } from "../support/toy-connection.ts";
import { openingPeer, rawPeer, wire } from "../unit/adapters/amqp/scripted-peer.ts";

forbidProcessTrouble();

const PASSWORD = "t1gerTiger";
const options = { credentials: { username: "scott", password: PASSWORD }, maxReconnectAttempts: 1 };
const shown = (value: unknown) => inspect(value, { depth: 9, showHidden: true });
const connected = "CONNECTED\nversion:1.2\n\n\0";

function stompPeer(answer: string) {
  return rawPeer((socket) => void socket.once("data", () => socket.write(answer)));
}

describe("a login said back", () => {
  it.each([
    ["as the version", `CONNECTED\nversion:${PASSWORD}\n\n\0`],
    ["as the first bytes", `${PASSWORD}\n\n\0`],
  ])("over STOMP %s is not told", async (_where, answer) => {
    const { endpoint } = await stompPeer(answer);
    const error = await rejectionOf<Error>(storyConnection(`stomp://127.0.0.1:${endpoint.port}`, options).connect());
    expect(error.message).toContain("***");
    expect(shown(error)).not.toContain(PASSWORD);
  });

  it.each([
    ["as a command", `${PASSWORD}\n\n\0`],
    ["as a receipt", `RECEIPT\nreceipt-id:${PASSWORD}\n\n\0`],
    ["as a subscription", `MESSAGE\nsubscription:${PASSWORD}\nmessage-id:1\ndestination:/queue/q\n\n\0`],
  ])("in a session over STOMP %s is not told", async (_where, frame) => {
    const { endpoint } = await stompPeer(`${connected}${frame}`);
    const connection = storyConnection(`stomp://127.0.0.1:${endpoint.port}`, options);
    const interrupted = next(connection, "interrupted");
    await connection.connect().catch(() => {});
    const told = shown(await interrupted);
    expect(told).toContain("***");
    expect(told).not.toContain(PASSWORD);
  });

  it("as the name of the broker is not told", async () => {
    const { endpoint } = await stompPeer(`CONNECTED\nversion:1.2\nserver:${PASSWORD}/${PASSWORD}\n\n\0`);
    const connection = storyConnection(`stomp://127.0.0.1:${endpoint.port}`, options);
    await connection.connect();
    expect(connection.broker).toMatchObject({ product: "***", version: "***" });
  });

  it("over AMQP as the condition of a close is not told", async () => {
    const { endpoint } = await openingPeer(wire.open(), wire.close({ condition: PASSWORD }));
    const error = await rejectionOf<Error>(storyConnection(`amqp://127.0.0.1:${endpoint.port}`, options).connect());
    expect(error.message).toContain("***");
    expect(shown(error)).not.toContain(PASSWORD);
  });
});
