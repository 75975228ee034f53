/** Brokers that name other endpoints without end: each costs an attempt in a round, and no more are kept than 32. */
import { describe, expect, it } from "vitest";
import type { NoActiveEndpointError } from "../../../src/errors/errors.ts";
import { encode, errorOf } from "../../support/peers/amqp-frames.ts";
import { forbidProcessTrouble } from "../../support/process-trouble.ts";
import { storyConnection } from "../../support/stories.ts";
import { rejectionOf } from "../../support/toy-connection.ts";
import { type Peer, rawPeer, wire } from "../../unit/adapters/amqp/scripted-peer.ts";

forbidProcessTrouble();

/** Logs every client in, opens, and sends it elsewhere. */
function redirecting(to: (nth: number) => Readonly<Record<string, unknown>>): Promise<Peer> {
  let connections = 0;
  return rawPeer((socket) => {
    const error = errorOf("amqp:connection:redirect", "go away", to(connections++));
    const answers = [
      Buffer.concat([wire.saslHeader, wire.mechanisms("PLAIN", "ANONYMOUS")]),
      wire.outcome(0),
      Buffer.concat([wire.amqpHeader, wire.open(), encode("close", 0, { error })]),
    ];
    socket.on("data", () => socket.write(answers.shift() ?? ""));
  });
}

/** What was answered in the last of so many rounds. */
async function lastRound({ endpoint }: Peer, rounds: number): Promise<NoActiveEndpointError> {
  const uri = `amqp://127.0.0.1:${endpoint.port}?startupMaxReconnectAttempts=${rounds}&maxReconnectDelay=5&alternates=any`;
  return rejectionOf<NoActiveEndpointError>(storyConnection(uri).connect());
}

describe("a redirect", () => {
  it("to the endpoint itself is no other endpoint", async () => {
    const peer: Peer = await redirecting(() => ({ "network-host": "127.0.0.1", port: peer.endpoint.port }));
    const { attempts } = await lastRound(peer, 5);
    expect(attempts).toMatchObject([{ code: "ENDPOINT_REJECTED" }]);
    expect(peer.sockets).toHaveLength(5);
  });

  it("and another back cost one attempt each in every round", async () => {
    const peers: Peer[] = [];
    const to = (nth: number) => ({ "network-host": "127.0.0.1", port: peers[nth]?.endpoint.port });
    peers.push(await redirecting(() => to(1)), await redirecting(() => to(0)));
    const { attempts } = await lastRound(peers[0] as Peer, 5);
    expect(attempts).toHaveLength(2);
    // The second is known from the second round on.
    expect(peers.map(({ sockets }) => sockets.length)).toEqual([5, 4]);
  });

  it("to a new endpoint each time leaves 32 of them", async () => {
    const peer = await redirecting((nth) => ({ "network-host": `127.9.9.${(nth % 250) + 1}`, port: 9 }));
    const { attempts } = await lastRound(peer, 50);
    expect(attempts).toHaveLength(33);
    expect(peer.sockets).toHaveLength(50);
  });

  it.each([
    ["with a terminal's commands for a host", { "network-host": "\u001b[2J127.0.0.1\n", port: 9 }],
    ["to port 0", { "network-host": "127.0.0.1", port: 0 }],
    ["to port 70000", { "network-host": "127.0.0.1", port: 70_000 }],
    ["to a port of letters", { "network-host": "127.0.0.1", port: "x" }],
    ["to nowhere", {}],
  ])("%s is not followed", async (_what, info) => {
    const { attempts } = await lastRound(await redirecting(() => info), 3);
    expect(attempts).toHaveLength(1);
  });
});
