/** IPv6, and names with several addresses, over the real protocols: a session on an embedded broker at the end of each way. */

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { openAmqpSession } from "../../src/adapters/amqp/open-session.ts";
import { openStompSession } from "../../src/adapters/stomp/open-session.ts";
import { ConnectionClosedError } from "../../src/errors/errors.ts";
import { parseDestination } from "../../src/messaging/messages/destination.ts";
import type { AdapterSettings } from "../../src/messaging/port/adapter-settings.ts";
import { parseMasterSlaveUri } from "../../src/uri/master-slave-uri.ts";
import { type AddressPeer, peersByAddress } from "../support/addresses.ts";
import { storyConnection, storyGroup } from "../support/stories.ts";
import { rejection, until } from "../support/toy-group.ts";

const settings = (overrides: Partial<AdapterSettings>): AdapterSettings => ({
  credentials: () => undefined,
  clientId: undefined,
  heartbeatMs: 5_000,
  tls: undefined,
  deadLetterDestination: parseDestination("queue://DLQ"),
  releaseWaitMs: 1_000,
  onWarning: () => {},
  ...overrides,
});

/** Passes everything to a port of 127.0.0.1. */
const passTo =
  (port: number) =>
  (socket: Socket): void => {
    const target = connect(port, "127.0.0.1");
    target.on("error", () => socket.destroy());
    socket.on("close", () => target.destroy());
    socket.pipe(target).pipe(socket);
  };
const silent: AddressPeer = () => {};
const closes: AddressPeer = (socket) => void socket.once("data", () => socket.destroy());
const speaksHttp: AddressPeer = (socket) =>
  void socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));

describe.each(["stomp", "amqp"] as const)("over %s", (protocol) => {
  const opening = (port: number, overrides: Partial<AdapterSettings>) => {
    const open = (protocol === "stomp" ? openStompSession : openAmqpSession)(settings(overrides));
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const endpoint = { scheme: protocol, host: "broker.test", port, options: {} } as const;
    return open(endpoint, { signal: controller.signal, turn: async () => {} });
  };
  const brokerPort = async () => (await storyGroup(protocol)).endpoints(protocol)[0]?.port ?? 0;

  it("connects, sends and receives over an IPv6 address in brackets", async () => {
    const target = await brokerPort();
    const server = createServer(passTo(target)).listen(0, "::1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const uri = `${protocol}://[::1]:${port}`;
    expect(parseMasterSlaveUri(uri).endpoints).toMatchObject([{ host: "::1" }]);
    const connection = await storyConnection(uri).connect();
    expect(connection.endpoint).toEqual({ scheme: protocol, host: "::1", port });
    await connection.send("queue://six", "over IPv6");
    for await (const delivery of connection.consume("queue://six")) {
      expect(delivery.message.text()).toBe("over IPv6");
      await delivery.accept();
      break;
    }
    await connection.close();
  });

  it.each([
    ["refuses", "refuse"],
    ["closes in the handshake", closes],
    ["speaks another protocol", speaksHttp],
    ["stays silent", silent],
  ] as const)("opens a session by the second address of a name whose first %s", async (_, first) => {
    const target = await brokerPort();
    const { port, lookup, open } = await peersByAddress({ "::1": first, "127.0.0.2": passTo(target) });
    const session = await opening(port, { lookup });
    await until(() => open.size === 1);
    session.destroy(new ConnectionClosedError("the test is over"));
    await until(() => open.size === 0);
  });

  it("never has two sessions when both addresses answer late: the loser is closed before it has one to keep", async () => {
    const target = await brokerPort();
    const late: AddressPeer = (socket) => {
      socket.pause();
      setTimeout(() => passTo(target)(socket), 300);
    };
    const { port, lookup, connects, open } = await peersByAddress({ "127.0.0.2": late, "127.0.0.3": late });
    const session = await opening(port, { lookup });
    expect(connects()).toEqual([1, 1]);
    await until(() => open.size === 1);
    session.destroy(new ConnectionClosedError("the test is over"));
    await until(() => open.size === 0);
  });

  it("names every address when none leads to a session", async () => {
    const { port, lookup } = await peersByAddress({ "::1": speaksHttp, "127.0.0.2": "refuse" });
    const error = await rejection(opening(port, { lookup }));
    expect(error).toMatchObject({
      code: "WRONG_PROTOCOL",
      message: expect.stringMatching(/failed at each of its addresses: ::1 .*HTTP.*; 127\.0\.0\.2 refused/),
    });
  });
});
