/** Every row of the failure table: what a peer does to an attempt, and what that means for the search. */
import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { renderRefusals } from "../../../../../scripts/render-refusals.ts";
import { FAILURES } from "../../../../../src/adapters/amqp/opening/failure-table.ts";
import { AttemptError, AuthenticationError, type ErrorCode, type Verdict } from "../../../../../src/errors/errors.ts";
import { failureOf, openingPeer, type Peer, rawPeer, scriptedPeer, until, wire } from "../scripted-peer.ts";

const hello = Buffer.concat([wire.saslHeader, wire.mechanisms("PLAIN", "ANONYMOUS")]);
const refusal = { properties: { "amqp:connection-establishment-failed": true } };
const openWire = Buffer.concat([Buffer.from([0, 0, 1, 0, 1]), Buffer.from("ActiveMQ"), Buffer.alloc(40)]);

function halfFrameThenReset(): Promise<Peer> {
  return rawPeer((socket) => {
    socket.write(hello.subarray(0, 12));
    setTimeout(() => socket.resetAndDestroy(), 20);
  });
}

const ROWS: readonly (readonly [string, () => Promise<Peer>, ErrorCode, Verdict, RegExp])[] = [
  ["SASL outcome 1", () => scriptedPeer(hello, wire.outcome(1)), "AUTHENTICATION_FAILED", "stop", /requires a login/],
  ["SASL outcome 2", () => scriptedPeer(hello, wire.outcome(2)), "AUTHENTICATION_FAILED", "stop", /outcome 2/],
  ["SASL outcome 3", () => scriptedPeer(hello, wire.outcome(3)), "AUTHENTICATION_FAILED", "stop", /outcome 3/],
  ["SASL outcome 4", () => scriptedPeer(hello, wire.outcome(4)), "ENDPOINT_REJECTED", "next", /unavailable for now/],
  [
    "no usable mechanism",
    () => scriptedPeer(Buffer.concat([wire.saslHeader, wire.mechanisms("GSSAPI")])),
    "AUTHENTICATION_FAILED",
    "stop",
    /GSSAPI/,
  ],
  ...(
    [
      ["amqp:unauthorized-access", "AUTHENTICATION_FAILED", "stop"],
      ["amqp:connection:forced", "ENDPOINT_REJECTED", "next"],
      ["amqp:invalid-field", "ENDPOINT_REJECTED", "next"],
      ["amqp:not-found", "ENDPOINT_REJECTED", "next"],
      ["amqp:resource-limit-exceeded", "ENDPOINT_REJECTED", "next"],
      ["amqp:connection:redirect", "ENDPOINT_REJECTED", "next"],
      ["amqp:illegal-state", "ENDPOINT_REJECTED", "next"],
    ] as const
  ).flatMap(([condition, code, verdict]) => {
    const close = wire.close({ condition, description: "not you" });
    const text = new RegExp(`${condition}: not you`);
    return [
      [
        `a refusing open, then close with ${condition}`,
        () => openingPeer(wire.open(refusal), close),
        code,
        verdict,
        text,
      ],
      [`open and close at once with ${condition}`, () => openingPeer(wire.open(), close), code, verdict, text],
    ] as const;
  }),
  [
    "a close without error",
    () => openingPeer(wire.open(), wire.close()),
    "ENDPOINT_REJECTED",
    "next",
    /does not say why/,
  ],
  ["a FIN at once", () => rawPeer((socket) => socket.end()), "ENDPOINT_CLOSED", "next", /before the AMQP handshake/],
  ["a FIN after the SASL header", () => scriptedPeer("end"), "ENDPOINT_CLOSED", "next", /before the AMQP handshake/],
  [
    "a reset after the SASL header",
    () => scriptedPeer("reset"),
    "ENDPOINT_CLOSED",
    "next",
    /before the AMQP handshake/,
  ],
  ["a FIN after the login", () => scriptedPeer(hello, wire.outcome(0), "end"), "ENDPOINT_CLOSED", "next", /handshake/],
  ["a reset in a frame", halfFrameThenReset, "ENDPOINT_CLOSED", "next", /handshake/],
  [
    "garbage",
    () => rawPeer((socket) => socket.write("how do you do?")),
    "PROTOCOL_ERROR",
    "next",
    /not speak AMQP 1.0/,
  ],
  ["no SASL layer", () => scriptedPeer(wire.amqpHeader), "PROTOCOL_ERROR", "next", /SASL layer/],
  ["AMQP 0-9-1", () => scriptedPeer(Buffer.from("AMQP\0\0\x09\x01", "latin1")), "WRONG_PROTOCOL", "next", /0-9-1/],
  [
    "OpenWire",
    () => rawPeer((socket) => socket.write(openWire)),
    "WRONG_PROTOCOL",
    "next",
    /use the STOMP or AMQP port/,
  ],
  ["STOMP", () => scriptedPeer(Buffer.from("ERROR\nmessage:what?\n\n\0")), "WRONG_PROTOCOL", "next", /speaks STOMP/],
  [
    "HTTP",
    () => scriptedPeer(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")),
    "WRONG_PROTOCOL",
    "next",
    /speaks HTTP/,
  ],
  [
    "a TLS alert and a FIN",
    () => rawPeer((socket) => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 40]))),
    "WRONG_PROTOCOL",
    "next",
    /speaks TLS/,
  ],
];

/** Which case above, or which test elsewhere, shows a row of the table. */
const SHOWN_BY: Readonly<Record<string, string>> = {
  "SASL outcome 1 (auth)": "SASL outcome 1",
  "SASL outcome 2 (sys)": "SASL outcome 2",
  "SASL outcome 3 (sys-perm)": "SASL outcome 3",
  "SASL outcome 4 (sys-temp)": "SASL outcome 4",
  "close with any other condition": "open and close at once with amqp:illegal-state",
  "close without a condition": "a close without error",
  "no SASL mechanism in common": "no usable mechanism",
  "the first bytes are another protocol's": "AMQP 0-9-1",
  "the bytes are not AMQP 1.0": "garbage",
};
const ELSEWHERE: Readonly<Record<string, string>> = {
  "close with amqp:invalid-field of container-id": "handshake.test.ts",
  "a login that SASL cannot carry": "scram.test.ts",
  "a SASL conversation against the rules, such as a SCRAM server without proof": "scram.test.ts",
  "nothing: the credentials function failed, or their file cannot be read": "handshake.test.ts",
};

describe("an attempt by AMQP", () => {
  it.each(ROWS)("fails the attempt on %s", async (_what, start, code, verdict, text) => {
    const print = vi.spyOn(console, "error");
    const peer = await start();
    const failure = await failureOf(peer);
    expect(failure).toBeInstanceOf(code === "AUTHENTICATION_FAILED" ? AuthenticationError : AttemptError);
    expect(failure).toMatchObject({ code, verdict, endpoint: { host: "127.0.0.1", port: peer.endpoint.port } });
    expect((failure as Error).message).toMatch(text);
    await until(() => peer.sockets.every((socket) => socket.destroyed || socket.readableEnded));
    expect(print).not.toHaveBeenCalled();
  });

  it("is shown for every row of the table, with its code and its verdict", () => {
    for (const { cause, code, verdict } of FAILURES) {
      if (cause in ELSEWHERE) continue;
      const condition = /^close with (amqp:\S+)$/.exec(cause)?.[1];
      const name = SHOWN_BY[cause] ?? (condition ? `open and close at once with ${condition}` : "a FIN at once");
      const row = ROWS.find(([what]) => what === name);
      expect(row?.slice(2, 4), cause).toEqual([code, verdict]);
    }
  });

  it("ends as docs/refusals.md shows", () => {
    const file = readFileSync(new URL("../../../../../docs/refusals.md", import.meta.url), "utf8");
    expect(file).toBe(renderRefusals());
  });
});
