import { once } from "node:events";
import rhea, { type Connection, type Session } from "rhea";
import { describe, expect, it, onTestFinished } from "vitest";
import { patchConnection } from "../../../../../src/adapters/amqp/rhea/patch-connection.ts";
import { SubscriptionRefusedError, UnsupportedError } from "../../../../../src/errors/errors.ts";
import { brokerPeer, openOn, type Peer, recordedSend, recordedSink, until } from "../scripted-peer.ts";

interface Walked {
  _process(): void;
  readonly local: { readonly channel: number };
}

/** A connection of rhea's own that walks through due sessions alone, and how often each channel was looked at. */
async function walking({ endpoint: { host, port } }: Peer) {
  const container = rhea.create_container({ id: "client" });
  container.on("disconnected", () => {});
  const connection: Connection = container.create_connection({ host, port, reconnect: false });
  patchConnection(connection);
  connection.connect();
  await once(connection, "connection_open");
  onTestFinished(async () => {
    connection.close();
    await once(connection, "connection_close");
  });
  const looks = new Map<number, number>();
  const begin = (): Session & Walked => {
    const session = connection.create_session() as Session & Walked;
    const look = session._process.bind(session);
    session._process = () => {
      const { channel } = session.local;
      looks.set(channel, (looks.get(channel) ?? 0) + 1);
      look();
    };
    session.begin();
    return session;
  };
  return { connection, looks, begin };
}

const queue = (name: string) => ({ destination: { kind: "queue", name }, prefetch: 10 }) as const;

describe("visiting dirty sessions", () => {
  it("visits only the session that sends, however many there are", async () => {
    const { looks, begin } = await walking(await brokerPeer("ActiveMQ"));
    const senders = Array.from({ length: 200 }, (_, n) => begin().attach_sender({ target: `queue${n}` }));
    await until(() => senders.every((sender) => sender.is_open() && sender.sendable()));
    looks.clear();
    senders[70]?.send({ body: "one" });
    await once(senders[70] as (typeof senders)[number], "accepted");
    expect([...looks.keys()]).toEqual([70]);
    expect(looks.get(70)).toBeLessThanOrEqual(4);
  });

  it("shows whoever listens the connection itself", async () => {
    const { connection, begin } = await walking(await brokerPeer("ActiveMQ"));
    const session = begin();
    const [context] = await once(session, "session_open");
    expect(context.connection).toBe(connection);
    expect(context.session).toBe(session);
  });

  it("gives each session the lowest channel that is free", async () => {
    const { begin } = await walking(await brokerPeer("ActiveMQ"));
    const sessions = [begin(), begin(), begin(), begin()];
    expect(sessions.map(({ local }) => local.channel)).toEqual([0, 1, 2, 3]);
    const second = sessions[1] as Session;
    await until(() => sessions.every((session) => session.is_open()));
    second.close();
    await once(second, "session_close");
    await new Promise(setImmediate);
    expect([begin(), begin()].map(({ local }) => local.channel)).toEqual([1, 4]);
  });

  it("begins no session past the channel-max of the peer, until another has ended", async () => {
    const { begin } = await walking(await brokerPeer("ActiveMQ", 10, { channel_max: 1 }));
    const [first] = [begin(), begin()] as [Session, Session];
    expect(begin).toThrow(UnsupportedError);
    expect(begin).toThrow(/no more than 2 links of one connection \(channel-max\)/);
    await until(() => first.is_open());
    first.close();
    await once(first, "session_close");
    await new Promise(setImmediate);
    expect(begin().local.channel).toBe(0);
    expect(begin).toThrow(UnsupportedError);
  });
});

describe("an AMQP session on a broker that takes two links", () => {
  it("refuses the subscription and the send past them, and goes on", async () => {
    const session = await openOn(await brokerPeer("ActiveMQ", 10, { channel_max: 1 }));
    const sinks = [recordedSink(), recordedSink()];
    const subscriptions = sinks.map((sink, n) => session.subscribe(queue(`q${n}`), sink));
    await Promise.all(sinks.map(({ ready }) => ready));
    const third = recordedSink();
    session.subscribe(queue("q2"), third);
    expect(await third.refused).toBeInstanceOf(SubscriptionRefusedError);
    const refused = recordedSend("queue://q3", "no link");
    session.send(refused);
    expect(await refused.outcome).toMatchObject({ kind: "failed", error: { code: "UNSUPPORTED" } });
    await expect(session.unsubscribe({ name: "n", durable: true, shared: false })).rejects.toThrow();
    await subscriptions[0]?.close();
    // The answer to the end of its AMQP session follows that to its link's.
    for (let kind = "failed"; kind !== "confirmed"; ) {
      await new Promise(setImmediate);
      const sent = recordedSend("queue://q4", "its link");
      session.send(sent);
      ({ kind } = await sent.outcome);
    }
  });
});
