/** What Qpid JMS's failover tests say of redirects and server lists (Q68-Q75), over scripted peers. */
import { beforeAll, describe, expect, it } from "vitest";
import type { ConnectionOptions } from "../../../src/connect/connect-options.ts";
import { type Certificate, selfSigned } from "../../support/certificate.ts";
import { AmqpPeer } from "../../support/peers/amqp-peer.ts";
import { connectionTo } from "../../support/peers/scripted-peer.ts";
import { next, storyConnection } from "../../support/stories.ts";
import { forbidUnhandledRejections } from "../../support/toy-connection.ts";

forbidUnhandledRejections();

type Entry = Readonly<Record<string, unknown>>;

const at = ({ port }: AmqpPeer, more: Entry = {}): Entry => ({ "network-host": "127.0.0.1", port, ...more });
const listing = (...entries: readonly Entry[]) => ({ properties: { "failover-server-list": entries } });
/** Where the connection asked for a session, in order. */
function asked(connection: ReturnType<typeof connectionTo>): readonly number[] {
  const ports: number[] = [];
  connection.on("attempt", ({ endpoint }) => ports.push(endpoint.port));
  return ports;
}

describe("a redirect", () => {
  it("in answer to open leads to its target, which was in no list", async () => {
    const [first, target] = await AmqpPeer.pair();
    first.expectSasl().accept();
    first.expectOpen().refuse("amqp:connection:redirect", "not here", at(target));
    target.expectConnection();

    const connection = await connectionTo([first]).connect();
    expect(connection.endpoint).toMatchObject({ port: target.port });
    await Promise.all([first.done, target.done]);
  });

  it("in the middle of a session leads to its target, and what was pending goes there", async () => {
    const [first, target] = await AmqpPeer.pair();
    first.expectConnection();
    first.expectAttach("sender", "q").grant();
    first.expectTransfer("one").closeConnection("amqp:connection:redirect", "not here", at(target));
    target.expectConnection();
    target.expectAttach("sender", "q").grant();
    target.expectTransfer("one").accept();

    const connection = await connectionTo([first]).connect();
    expect(await connection.send("q", "one")).toMatchObject({ endpoint: { port: target.port } });
    await Promise.all([first.done, target.done]);
  });

  it.each([
    ["without a host", { port: 1 }],
    ["without a port", { "network-host": "127.0.0.1" }],
    ["with a scheme of nobody's", { "network-host": "127.0.0.1", port: 1, scheme: "amqpx" }],
  ])("%s is a close like any other", async (_, info) => {
    const [first, second] = await AmqpPeer.pair();
    first.expectSasl().accept();
    first.expectOpen().refuse("amqp:connection:redirect", "not here", info);
    second.expectConnection();

    const connection = connectionTo([first, second]);
    const ports = asked(connection);
    await connection.connect();
    expect(ports).toEqual([first.port, second.port]);
  });
});

describe("a server list", () => {
  /** Two peers of the user's and one that the first tells of; where the connection goes when the first is gone. */
  async function learning(options: ConnectionOptions): Promise<{ peers: AmqpPeer[]; ports: readonly number[] }> {
    const [first, second, learnt] = await AmqpPeer.trio();
    first.expectConnection(listing(at(learnt)));
    const connection = connectionTo([first, second], { ...options, maxReconnectAttempts: 1 });
    const ports = asked(connection);
    const failed = new Promise((resolve) => connection.once("failed", resolve));
    await connection.connect();
    await first.done;
    first.dropAll();
    await failed;
    return { peers: [first, second, learnt], ports: ports.slice(1) };
  }

  it("is added behind the user's own list", async () => {
    const { peers, ports } = await learning({ amqpOpenServerListAction: "ADD" });
    expect(ports).toEqual(peers.map(({ port }) => port));
  });

  it("that is to replace the user's own is added all the same: nothing the user listed is deleted", async () => {
    const [first, second, learnt] = await AmqpPeer.trio();
    first.expectConnection(listing(at(learnt)));
    const options = "amqpOpenServerListAction=REPLACE&maxReconnectAttempts=1&attemptStagger=60000";
    const connection = storyConnection(`masterslave:(${first.uri},${second.uri})?${options}`);
    const ports = asked(connection);
    await connection.connect();
    await first.done;
    first.dropAll();
    expect(await connection.closed).toMatchObject({ code: "NO_ACTIVE_ENDPOINT" });
    expect(ports.slice(1)).toEqual([first.port, second.port, learnt.port]);
  });

  it("is left aside when it is to be ignored", async () => {
    const { peers, ports } = await learning({ amqpOpenServerListAction: "IGNORE" });
    expect(ports).toEqual(peers.slice(0, 2).map(({ port }) => port));
  });

  it("is a chain: the second is learnt from the first, the third from the second", async () => {
    const [first, second, third] = await AmqpPeer.trio();
    first.expectConnection(listing(at(second)));
    second.expectConnection(listing(at(third)));
    third.expectConnection();

    const connection = connectionTo([first]);
    await connection.connect();
    for (const [here, there] of [
      [first, second],
      [second, third],
    ] as const) {
      const restored = next(connection, "restored");
      await here.done;
      here.dropAll();
      expect(await restored).toMatchObject({ endpoint: { port: there.port } });
    }
  });

  it("stands in the pool beside a redirect that follows it: the user's, the redirect's, the listed", async () => {
    const [first, listed, redirected] = await AmqpPeer.trio();
    first.expectConnection(listing(at(listed)));
    const connection = connectionTo([first], { maxReconnectAttempts: 2, maxReconnectDelay: 5 });
    const ports = asked(connection);
    await connection.connect();
    await first.done;
    first.lines[0]?.close("amqp:connection:redirect", "not here", at(redirected));
    await connection.closed;
    const [round, again] = [ports.slice(1, 4), ports.slice(4, 7)];
    expect(round[0]).toBe(first.port);
    expect([...round].sort()).toEqual([first, listed, redirected].map(({ port }) => port).sort());
    expect(again).toEqual(round);
  });

  it("with a name for its entry is dialled by its address, and the open says that address", async () => {
    const [first, learnt] = await AmqpPeer.pair();
    first.expectConnection(listing(at(learnt, { hostname: "vhost.example" })));
    learnt.expectSasl().accept();
    learnt.expectOpen({ hostname: "127.0.0.1" }).answer();

    const connection = connectionTo([first]);
    const restored = next(connection, "restored");
    await connection.connect();
    await first.done;
    first.dropAll();
    await restored;
    await learnt.done;
  });
});

describe("over TLS", () => {
  let certificate: Certificate;
  let other: Certificate;
  beforeAll(async () => {
    certificate = await selfSigned("IP:127.0.0.1");
    other = await selfSigned("IP:127.0.0.1");
  });

  it("what the broker tells of is dialled with the user's own TLS settings, and verified by them", async () => {
    const [first, learnt] = [await AmqpPeer.listen({ certificate }), await AmqpPeer.listen({ certificate })];
    const foreign = await AmqpPeer.listen({ certificate: other });
    first.expectConnection(listing(at(foreign), at(learnt, { scheme: "amqps" })));
    learnt.expectConnection();

    const connection = connectionTo([first], { tls: { ca: certificate.cert } });
    const failures: unknown[] = [];
    connection.on("attempt", ({ endpoint, outcome }) => failures.push([endpoint.port, outcome]));
    const restored = next(connection, "restored");
    await connection.connect();
    await first.done;
    first.dropAll();
    expect(await restored).toMatchObject({ endpoint: { scheme: "amqps", port: learnt.port } });
    expect(failures).toContainEqual([foreign.port, expect.objectContaining({ code: "TLS_FAILED" })]);
  });

  it("an entry without TLS is passed over", async () => {
    const [first, plain] = [await AmqpPeer.listen({ certificate }), await AmqpPeer.listen()];
    first.expectConnection(listing(at(plain, { scheme: "amqp" }), { ...at(plain), scheme: "amqpws" }));
    const connection = connectionTo([first], { tls: { ca: certificate.cert }, maxReconnectAttempts: 1 });
    await connection.connect();
    await first.done;
    first.dropAll();
    expect(await connection.closed).toMatchObject({ code: "NO_ACTIVE_ENDPOINT" });
    expect(plain.connections).toBe(0);
  });
});
