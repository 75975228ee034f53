/** Several addresses of one name, over the loopback's many. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { blackHole } from "../../../../src/testing/black-hole.ts";
import { raceAddresses } from "../../../../src/transport/dial/address-race.ts";
import { connectTcp } from "../../../../src/transport/dial/connect-tcp.ts";
import { rejection, until } from "../../../support/toy-group.ts";
import { toyServer } from "../../../support/toy-server.ts";

const at = (...addresses: string[]) => addresses;
const never = () => new AbortController().signal;
const connecting = () => process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;

/** Races no further than TCP. */
function connectAny(addresses: readonly string[], port: number, signal: AbortSignal): Promise<Socket> {
  return raceAddresses(addresses, {
    signal,
    attempt: (lane) => connectTcp(lane.address, port, lane.signal),
    goesOn: () => true,
    allFailed: (failures) => new AggregateError(failures.values()),
  });
}

/** A listener on one address of the loopback; `arrived` counts. */
async function listener(address: string, port = 0): Promise<{ port: number; arrived: () => number; server: Server }> {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
  }).listen(port, address);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, arrived: () => count, server };
}

describe("a race for TCP", () => {
  it("takes the first address that connects, and does not try the next", async () => {
    const first = await listener("127.0.0.1");
    const second = await listener("127.0.0.2", first.port);
    const socket = await connectAny(at("127.0.0.1", "127.0.0.2"), first.port, never());
    onTestFinished(() => void socket.destroy());
    expect(socket.remoteAddress).toBe("127.0.0.1");
    expect(second.arrived()).toBe(0);
  });

  it("goes on at once when an address refuses", async () => {
    const { port } = await listener("127.0.0.3");
    const socket = await connectAny(at("127.0.0.1", "127.0.0.2", "127.0.0.3"), port, never());
    onTestFinished(() => void socket.destroy());
    expect(socket.remoteAddress).toBe("127.0.0.3");
  });

  it("does not wait long for an address that swallows every SYN, and drops it when another connects", async () => {
    const hole = await blackHole();
    onTestFinished(() => hole.close());
    await listener("127.0.0.2", hole.port);
    const before = connecting();
    const socket = await connectAny(at(hole.host, "127.0.0.2"), hole.port, never());
    onTestFinished(() => void socket.destroy());
    expect(socket.remoteAddress).toBe("127.0.0.2");
    // The socket, and the listener's end of it; nothing still dials the hole.
    await until(() => connecting() <= before + 2);
  });

  it("rejects when all have failed, with what each of them said, in their order", async () => {
    const { endpoint } = await toyServer("refuse");
    const error: Error = await rejection(connectAny(at("127.0.0.1", "127.0.0.2"), endpoint.port, never()));
    expect((error as AggregateError).errors).toMatchObject([
      { code: "ECONNREFUSED", address: "127.0.0.1" },
      { code: "ECONNREFUSED", address: "127.0.0.2" },
    ]);
  });

  it("rejects with the signal's reason and drops what it had dialled", async () => {
    const hole = await blackHole();
    onTestFinished(() => hole.close());
    const before = connecting();
    const controller = new AbortController();
    const result = rejection(connectAny(at(hole.host), hole.port, controller.signal));
    const reason = new Error("no longer wanted");
    controller.abort(reason);
    expect(await result).toBe(reason);
    await until(() => connecting() <= before);
  });

  it("does not dial with a signal that has fired", async () => {
    const { port, arrived } = await listener("127.0.0.1");
    const reason = new Error("no longer wanted");
    expect(await rejection(connectAny(at("127.0.0.1"), port, AbortSignal.abort(reason)))).toBe(reason);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(arrived()).toBe(0);
  });
});
