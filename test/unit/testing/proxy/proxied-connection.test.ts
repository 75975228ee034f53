import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { endSocket } from "../../../../src/testing/proxy/proxied-connection.ts";

let server: Server;
let socket: Socket;
const peers: Socket[] = [];

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }, (peer) => {
    peers.push(peer);
    peer.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  await vi.waitFor(() => expect(peers.length).toBe(1));
});
afterEach(() => {
  for (const peer of peers.splice(0)) peer.destroy();
  socket.destroy();
  server.close();
});

const socketHandles = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;

describe("the reset of a socket that is half closed", () => {
  it("raises no EINVAL and leaves no handle behind while the FIN has not been sent", async () => {
    const errors: Error[] = [];
    socket.on("error", (error) => errors.push(error));
    const before = socketHandles();
    socket.end();
    endSocket(socket, "reset");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([errors, socket.destroyed, socketHandles()]).toEqual([[], true, before - 1]);
  });

  it("reaches the peer as a reset once the FIN has been sent", async () => {
    socket.end();
    await once(socket, "finish");
    endSocket(socket, "reset");
    await new Promise((resolve) => setTimeout(resolve, 20));
    // After a close the peer's first write would still succeed.
    const written = new Promise((resolve) => peers[0]?.write("x", resolve));
    expect(await written).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) });
  });
});
