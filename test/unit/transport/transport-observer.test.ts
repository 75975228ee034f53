/** The transport's one observer: told before the listeners, and not isolated from the connection it serves. */
import { describe, expect, it, onTestFinished } from "vitest";
import { FailoverTransport } from "../../../src/transport/failover-transport.ts";
import type { TransportObserver } from "../../../src/transport/transport-observer.ts";
import { ToyClient, type ToySession } from "../../support/toy-client.ts";
import { rejection, SETTINGS, until } from "../../support/toy-group.ts";
import { type ToyServer, toyServer } from "../../support/toy-server.ts";

const MISTAKE = new TypeError("a mistake of ours");
const fail = () => {
  throw MISTAKE;
};

/** A transport whose observer and listeners write down what they are told; `broken` replaces methods of the observer. */
async function observed(broken: Partial<TransportObserver<ToySession>> = {}) {
  const server: ToyServer = await toyServer("welcome");
  const client = new ToyClient();
  const told: string[] = [];
  const observer: TransportObserver<ToySession> = {
    established: () => void told.push("observer established"),
    interrupted: () => void told.push("observer interrupted"),
    restored: () => void told.push("observer restored"),
    ended: () => void told.push("observer ended"),
    ...broken,
  };
  const transport = new FailoverTransport<ToySession>({
    endpoints: [server.endpoint],
    open: client.open,
    settings: SETTINGS,
    observer,
  });
  for (const name of ["established", "interrupted", "restored", "failed", "closed"] as const)
    transport.on(name, () => void told.push(name));
  const closed = new Promise<unknown>((resolve) => transport.once("closed", resolve));
  onTestFinished(() => transport.close(AbortSignal.timeout(1_000)));
  return { transport, client, told, closed };
}

/** Ends the session that the client holds. */
function lose(client: ToyClient): void {
  client.sessions.at(-1)?.socket.destroy();
}

describe("the observer of a transport", () => {
  it("is told of each step before the listeners are", async () => {
    const { transport, client, told } = await observed();
    await transport.connect();
    await client.sessions[0]?.ping();
    lose(client);
    await until(() => told.includes("restored"));
    await transport.close(AbortSignal.timeout(1_000));
    expect(told).toEqual(
      ["established", "interrupted", "restored"]
        .flatMap((name) => [`observer ${name}`, name])
        .concat(["observer ended", "closed"]),
    );
  });

  it("ends the connection with INTERNAL when established throws, and connect() rejects with it", async () => {
    const { transport, client, told } = await observed({ established: fail });
    const failure = await rejection(transport.connect());
    expect(failure).toMatchObject({ code: "INTERNAL", cause: MISTAKE });
    expect(told).toEqual(["observer ended", "failed", "closed"]);
    expect(transport.state).toEqual({ name: "closed", lastError: failure });
    expect(client.sessions[0]?.socket.destroyed).toBe(true);
  });

  it("ends the connection with INTERNAL when interrupted throws", async () => {
    const { transport, client, told, closed } = await observed({ interrupted: fail });
    await transport.connect();
    lose(client);
    expect(await closed).toMatchObject({ code: "INTERNAL", cause: MISTAKE });
    expect(told).toEqual(["observer established", "established", "observer ended", "failed", "closed"]);
  });

  it("ends the connection and its new session with INTERNAL when restored throws", async () => {
    const { transport, client, closed } = await observed({ restored: fail });
    await transport.connect();
    await client.sessions[0]?.ping();
    lose(client);
    expect(await closed).toMatchObject({ code: "INTERNAL", cause: MISTAKE, endpoint: { scheme: "tcp" } });
    expect(client.sessions.map(({ socket }) => socket.destroyed)).toEqual([true, true]);
  });

  it("ends the connection with INTERNAL when what it restores later rejects", async () => {
    const { transport, client, closed } = await observed({ established: () => Promise.reject(MISTAKE) });
    await transport.connect();
    expect(await closed).toMatchObject({ code: "INTERNAL", cause: MISTAKE });
    expect(client.sessions[0]?.socket.destroyed).toBe(true);
  });

  it("does not end the connection by a rejection about a session that has ended", async () => {
    let reject = (_: unknown) => {};
    const restoring = new Promise<void>((_, no) => {
      reject = no;
    });
    const { transport, client, told } = await observed({ established: () => restoring });
    await transport.connect();
    await client.sessions[0]?.ping();
    lose(client);
    await until(() => told.includes("restored"));
    reject(MISTAKE);
    await client.sessions[1]?.ping();
    expect(transport.state.name).toBe("connected");
  });

  it("is told of as the end of close() when ended throws, and close() resolves", async () => {
    const { transport, told, closed } = await observed({ ended: fail });
    await transport.connect();
    await transport.close(AbortSignal.timeout(1_000));
    expect(await closed).toMatchObject({ code: "INTERNAL", cause: MISTAKE });
    expect(told.at(-1)).toBe("closed");
  });
});
