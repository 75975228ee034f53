/** The addresses of one endpoint: each is tried up to the end of the handshake, in turn, and the first to finish wins. */
import { describe, expect, it, onTestFinished } from "vitest";
import { AttemptError, AuthenticationError } from "../../../../src/errors/errors.ts";
import { blackHole } from "../../../../src/testing/black-hole.ts";
import { dial } from "../../../../src/transport/dial/dial.ts";
import { type ReachOptions, reach } from "../../../../src/transport/dial/reach.ts";
import type { Lookup } from "../../../../src/transport/dial/resolve-host.ts";
import type { EndpointSocket } from "../../../../src/transport/socket/endpoint-socket.ts";
import { type AddressPeer, peersByAddress, resolvesTo } from "../../../support/addresses.ts";
import { toyEndpoint } from "../../../support/toy-client.ts";
import { rejection, until } from "../../../support/toy-group.ts";

const A = "127.0.0.1";
const B = "127.0.0.2";
const SIX = "::1";
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const welcomes: AddressPeer = (socket) => void socket.on("data", () => socket.write("WELCOME\n"));
const silent: AddressPeer = () => {};
const closes: AddressPeer = (socket) => void socket.on("data", () => socket.end());
const denies: AddressPeer = (socket) => void socket.on("data", () => socket.end("DENIED\n"));
const speaksOther: AddressPeer = (socket) => void socket.on("data", () => socket.write("HTTP/1.1 400\r\n"));
const afterMs =
  (ms: number): AddressPeer =>
  (socket) =>
    void socket.on("data", () => setTimeout(() => socket.write("WELCOME\n"), ms));

/** The toy handshake: HELLO, and WELCOME or not. Resolves with the socket. */
async function hello(socket: EndpointSocket, turn: () => Promise<void>): Promise<EndpointSocket> {
  await turn();
  const { endpoint } = socket;
  return new Promise((resolve, reject) => {
    const fail = (code: "ENDPOINT_CLOSED" | "WRONG_PROTOCOL", text: string) =>
      reject(new AttemptError(code, `tcp://${endpoint.host}:${endpoint.port} ${text}`, { endpoint }));
    socket.once("data", (data: Buffer) => {
      const text = String(data);
      if (text === "WELCOME\n") resolve(socket);
      else if (text === "DENIED\n") reject(new AuthenticationError("denied", { endpoint }));
      else fail("WRONG_PROTOCOL", "speaks another protocol");
    });
    socket.once("close", () => fail("ENDPOINT_CLOSED", "closed before it said WELCOME"));
    socket.write("HELLO\n");
  });
}

function reaching(port: number, options: Partial<ReachOptions>): Promise<EndpointSocket> {
  const result = reach(toyEndpoint(port, "broker.test"), { signal: new AbortController().signal, ...options }, hello);
  result.then((socket) => onTestFinished(() => void socket.destroy())).catch(() => {});
  return result;
}

describe("a name with several addresses", () => {
  it("is served by the first address when that answers: the second sees no SYN, and the turn is taken once", async () => {
    const { port, lookup, connects } = await peersByAddress({ [A]: welcomes, [B]: welcomes });
    let turns = 0;
    await reaching(port, { lookup, turn: async () => void turns++ });
    expect(connects()).toEqual([1, 0]);
    expect(turns).toBe(1);
  });

  it.each([
    ["refuses", "refuse"],
    ["closes in the handshake", closes],
    ["speaks another protocol", speaksOther],
  ] as const)("goes on at once when the first address %s", async (_, first) => {
    const { port, lookup } = await peersByAddress({ [A]: first, [B]: welcomes });
    let turns = 0;
    const from = performance.now();
    await reaching(port, { lookup, turn: async () => void turns++ });
    // A stagger is 250 ms.
    expect(performance.now() - from).toBeLessThan(200);
    expect(turns).toBe(1);
  });

  it("gives the next address its chance when the first stays silent in the handshake, and drops the silent one", async () => {
    const { port, lookup, connects, open } = await peersByAddress({ [A]: silent, [B]: welcomes });
    await reaching(port, { lookup });
    expect(connects()).toEqual([1, 1]);
    await until(() => open.size === 1);
  });

  it("does the same when the first address swallows every SYN", async () => {
    const hole = await blackHole();
    onTestFinished(() => hole.close());
    await peersByAddress({ [B]: welcomes }, hole.port);
    const socket = await reaching(hole.port, { lookup: resolvesTo(hole.host, B) });
    expect(socket.bytesRead).toBe(8);
  });

  it("takes whichever handshake ends first, and never two: a slow one may still win while the next is slower", async () => {
    const { port, lookup, connects, open } = await peersByAddress({ [A]: afterMs(350), [B]: afterMs(2_000) });
    let wins = 0;
    await reaching(port, { lookup }).then(() => wins++);
    expect(connects()).toEqual([1, 1]);
    await until(() => open.size === 1);
    await pause(50);
    expect(wins).toBe(1);
  });

  it("lets the second speak only when the first has been silent for a stagger", async () => {
    const heard: number[] = [];
    const notes: AddressPeer = (socket) => void socket.once("data", () => heard.push(performance.now()));
    const answers: AddressPeer = (socket) => {
      notes(socket);
      welcomes(socket);
    };
    const { port, lookup } = await peersByAddress({ [A]: notes, [B]: answers });
    await reaching(port, { lookup });
    const [first = 0, second = 0] = heard;
    expect(second - first).toBeGreaterThan(200);
  });

  it("ends with the first `stop`: no further address is asked", async () => {
    const { port, lookup, connects, open } = await peersByAddress({ [A]: denies, [B]: welcomes });
    expect(await rejection(reaching(port, { lookup }))).toBeInstanceOf(AuthenticationError);
    expect(connects()).toEqual([1, 0]);
    await until(() => open.size === 0);
  });

  it("ends with a mistake of whoever speaks, as it is", async () => {
    const { port, lookup, connects } = await peersByAddress({ [A]: welcomes, [B]: welcomes });
    const mistake = new TypeError("not the peer's fault");
    const failing = reach(
      toyEndpoint(port, "broker.test"),
      { signal: new AbortController().signal, lookup },
      async () => {
        throw mistake;
      },
    );
    expect(await rejection(failing)).toBe(mistake);
    expect(connects()).toEqual([1, 0]);
  });

  it("rejects with the signal's reason at any moment, and leaves nothing open", async () => {
    const { port, lookup, open } = await peersByAddress({ [A]: silent, [B]: silent });
    for (const ms of [0, 5, 50, 270]) {
      const controller = new AbortController();
      const result = rejection(reaching(port, { lookup, signal: controller.signal }));
      await pause(ms);
      const reason = new Error(`after ${ms} ms`);
      controller.abort(reason);
      expect(await result).toBe(reason);
      await until(() => open.size === 0);
    }
  });

  it("waits for its turn with one address connected, and goes on when that one leaves meanwhile", async () => {
    const leaves: AddressPeer = (socket) => void setTimeout(() => socket.destroy(), 20);
    const { port, lookup, connects } = await peersByAddress({ [A]: leaves, [B]: welcomes });
    const connecting = reach(
      toyEndpoint(port, "broker.test"),
      { signal: new AbortController().signal, lookup, turn: () => pause(400) as Promise<void> },
      (socket, turn) =>
        Promise.race([
          hello(socket, turn),
          new Promise<never>((_, reject) => {
            socket.once("close", () =>
              reject(new AttemptError("ENDPOINT_CLOSED", "left", { endpoint: socket.endpoint })),
            );
          }),
        ]),
    );
    const socket = await connecting;
    onTestFinished(() => void socket.destroy());
    expect(connects()).toEqual([1, 1]);
  });
});

describe("when all addresses fail", () => {
  it("lists each of them with what it said, under the most telling code, and keeps the errors in the cause", async () => {
    const { port, lookup } = await peersByAddress({ [SIX]: "refuse", [A]: speaksOther, [B]: closes });
    const error = await rejection(reaching(port, { lookup }));
    expect(error).toMatchObject({ code: "WRONG_PROTOCOL", verdict: "next", endpoint: { host: "broker.test", port } });
    expect(error.message).toBe(
      `tcp://broker.test:${port} failed at each of its addresses: ` +
        "::1 refused the connection: nothing listens there, as on a standby; " +
        "127.0.0.1 speaks another protocol; 127.0.0.2 closed before it said WELCOME",
    );
    const { errors } = error.cause as AggregateError;
    expect(errors.map(({ code }: AttemptError) => code)).toEqual([
      "ENDPOINT_REFUSED",
      "WRONG_PROTOCOL",
      "ENDPOINT_CLOSED",
    ]);
  });

  it("says once what all of them said", async () => {
    const { port, lookup } = await peersByAddress({ [A]: "refuse", [B]: "refuse" });
    const error = await rejection(reaching(port, { lookup }));
    expect(error).toMatchObject({
      code: "ENDPOINT_REFUSED",
      message: `tcp://broker.test:${port} refused the connection: nothing listens there, as on a standby (at 127.0.0.1 and 127.0.0.2)`,
    });
  });

  it("is told in TLS too: an address without TLS does not stand for the name", async () => {
    const { port, lookup, connects } = await peersByAddress({
      [A]: (socket) => void socket.end("plain\n"),
      [B]: "refuse",
    });
    const endpoint = { ...toyEndpoint(port, "broker.test"), scheme: "ssl" } as const;
    const error = await rejection(dial(endpoint, { signal: new AbortController().signal, lookup }));
    expect(error).toMatchObject({
      code: "TLS_FAILED",
      cause: { errors: [{ code: "TLS_FAILED" }, { code: "ENDPOINT_REFUSED" }] },
    });
    expect(connects()).toEqual([1, 0]);
  });
});

describe("the resolver", () => {
  it("is asked anew on every attempt, and its newest answer counts", async () => {
    const { port } = await peersByAddress({ [A]: closes, [B]: welcomes });
    const answers = [A, B];
    let asked = 0;
    const lookup: Lookup = async () => [{ address: answers[asked++] ?? "", family: 4 }];
    expect(await rejection(reaching(port, { lookup }))).toMatchObject({ code: "ENDPOINT_CLOSED" });
    await reaching(port, { lookup });
    expect(asked).toBe(2);
  });

  it("may put a whole family first: the families take turns all the same", async () => {
    const tried: string[] = [];
    const { port } = await peersByAddress({ [SIX]: "refuse", [A]: "refuse", [B]: "refuse" });
    const lookup = resolvesTo(SIX, "::ffff:127.0.0.2", A, B);
    const stage = (text: string) => void (text.startsWith("connecting to ") && tried.push(text.slice(14)));
    await rejection(reaching(port, { lookup, stage }));
    expect(tried).toEqual([SIX, A, "::ffff:127.0.0.2", B]);
  });

  it("may name any number of addresses: sixteen are tried", async () => {
    const { port } = await peersByAddress({ [A]: "refuse" });
    const many = Array.from({ length: 100 }, (_, index) => `127.0.1.${index + 1}`);
    const error = await rejection(reaching(port, { lookup: resolvesTo(...many) }));
    expect((error.cause as AggregateError).errors).toHaveLength(16);
  });

  it.each([
    ["ENOTFOUND", "does not resolve"],
    ["EAI_AGAIN", "no name server answers"],
  ])("fails with ENDPOINT_UNKNOWN and clear words: %s", async (code, words) => {
    const lookup: Lookup = async () => {
      throw Object.assign(new Error(`getaddrinfo ${code} broker.test`), { code, syscall: "getaddrinfo" });
    };
    expect(await rejection(reaching(1, { lookup }))).toMatchObject({
      code: "ENDPOINT_UNKNOWN",
      verdict: "next",
      message: expect.stringContaining(words),
    });
  });

  it("finds no address at all: ENDPOINT_UNKNOWN", async () => {
    expect(await rejection(reaching(1, { lookup: async () => [] }))).toMatchObject({ code: "ENDPOINT_UNKNOWN" });
  });

  it("that hangs is waited for until the attempt's deadline, whose error says so", async () => {
    const controller = new AbortController();
    const stages: string[] = [];
    const options = { lookup: () => new Promise<never>(() => {}), stage: (text: string) => void stages.push(text) };
    const result = rejection(reaching(1, { ...options, signal: controller.signal }));
    const reason = new Error("the deadline");
    controller.abort(reason);
    expect(await result).toBe(reason);
    expect(stages).toEqual(["looking up its name"]);
  });
});

describe("localhost", () => {
  it("costs nothing noticeable with a server on one family only, whichever comes first", async () => {
    for (const [family, order] of [
      [SIX, [A, SIX]],
      [A, [SIX, A]],
    ] as const) {
      const { port } = await peersByAddress({ [family]: welcomes });
      const from = performance.now();
      await reaching(port, { lookup: resolvesTo(...order) });
      expect(performance.now() - from).toBeLessThan(200);
    }
  });
});
