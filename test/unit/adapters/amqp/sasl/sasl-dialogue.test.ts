/** Which mechanism carries which login, in whose order, and what each says. */
import { describe, expect, it, vi } from "vitest";
import type { Login } from "../../../../../src/messaging/port/login.ts";
import type { SaslMechanism } from "../../../../../src/uri/options/login-options.ts";
import { scramServer } from "../../../../support/scram-server.ts";
import { failureOf, openOn, type RheaPeer, rheaPeer, scriptedPeer, wire } from "../scripted-peer.ts";

const USER = { username: "ada", password: "tops3cret" };
const TOKEN = { token: "eyJ.t0ken", username: "ada" };

/** A peer that takes every first word, and keeps it. */
async function peerOffering(...names: string[]): Promise<{ peer: RheaPeer; said: [string, string][] }> {
  const peer = await rheaPeer();
  const said: [string, string][] = [];
  for (const name of names) {
    const start = (response: Buffer) => void said.push([name, response?.toString()]);
    Object.assign(peer.container.sasl_server_mechanisms, { [name]: () => ({ outcome: true, username: "u", start }) });
  }
  return { peer, said };
}

const external = (login: Login) => ({ credentials: () => login });

describe("the mechanism", () => {
  it.each<[string, Login | undefined, string[], readonly SaslMechanism[] | undefined, [string, string]]>([
    [
      "a password, where the broker puts PLAIN first",
      USER,
      ["ANONYMOUS", "PLAIN"],
      undefined,
      ["PLAIN", "\0ada\0tops3cret"],
    ],
    ["nobody", undefined, ["PLAIN", "ANONYMOUS"], undefined, ["ANONYMOUS", "anonymous"]],
    [
      "a token",
      TOKEN,
      ["PLAIN", "XOAUTH2", "OAUTHBEARER"],
      undefined,
      ["OAUTHBEARER", "n,a=ada,\u0001auth=Bearer eyJ.t0ken\u0001\u0001"],
    ],
    [
      "a token without a name",
      { token: "t" },
      ["OAUTHBEARER"],
      undefined,
      ["OAUTHBEARER", "n,,\u0001auth=Bearer t\u0001\u0001"],
    ],
    [
      "a token by choice",
      TOKEN,
      ["OAUTHBEARER", "XOAUTH2"],
      ["XOAUTH2", "OAUTHBEARER"],
      ["XOAUTH2", "user=ada\u0001auth=Bearer eyJ.t0ken\u0001\u0001"],
    ],
    [
      "a token, as the password where nothing else is offered",
      { token: "t" },
      ["PLAIN", "ANONYMOUS"],
      undefined,
      ["PLAIN", "\0token\0t"],
    ],
  ])("of %s", async (_, login, offered, allowed, expected) => {
    const { peer, said } = await peerOffering(...offered);
    await openOn(peer, { credentials: () => login, saslMechanisms: allowed });
    expect(said).toEqual([expected]);
  });

  it("is SCRAM where it is offered, be it last, and PLAIN where the list says so first", async () => {
    const { peer, said } = await peerOffering("PLAIN");
    Object.assign(peer.container.sasl_server_mechanisms, { "SCRAM-SHA-512": scramServer("sha512", USER) });
    await openOn(peer, { credentials: () => USER });
    expect(said).toEqual([]);
    await openOn(peer, { credentials: () => USER, saslMechanisms: ["PLAIN", "SCRAM-SHA-512"] });
    expect(said).toEqual([["PLAIN", "\0ada\0tops3cret"]]);
  });

  it("is never one that is not allowed: nothing of the password leaves", async () => {
    const { peer, said } = await peerOffering("PLAIN", "ANONYMOUS", "GSSAPI", "<script>");
    const failure = await failureOf(peer, {
      credentials: () => USER,
      saslMechanisms: ["SCRAM-SHA-512", "SCRAM-SHA-256"],
    });
    expect(said).toEqual([]);
    expect(failure).toMatchObject({ code: "AUTHENTICATION_FAILED", verdict: "stop" });
    expect((failure as Error).message).toMatch(
      /it offers PLAIN, ANONYMOUS, GSSAPI; allowed here for a password: SCRAM-SHA-512, SCRAM-SHA-256; /,
    );
  });

  it("that a list allows and the login cannot use is not used", async () => {
    const { peer, said } = await peerOffering("PLAIN", "ANONYMOUS", "EXTERNAL");
    expect(await failureOf(peer, { credentials: () => USER, saslMechanisms: ["ANONYMOUS", "EXTERNAL"] })).toMatchObject(
      {
        verdict: "stop",
      },
    );
    expect(said).toEqual([]);
  });

  it("answers the reason of a refused token, and tells it", async () => {
    const peer = await rheaPeer();
    const answers: string[] = [];
    const mechanism = () => ({
      outcome: undefined as boolean | undefined,
      start: () => Buffer.from('{"status":"invalid_token","scope":"x"}').toString("base64"),
      step(response: Buffer) {
        answers.push(response.toString());
        this.outcome = false;
      },
    });
    Object.assign(peer.container.sasl_server_mechanisms, { OAUTHBEARER: mechanism });
    const failure = await failureOf(peer, external(TOKEN));
    expect(failure).toMatchObject({ code: "AUTHENTICATION_FAILED", verdict: "stop" });
    expect((failure as Error).message).toMatch(/the token is not accepted \(SASL outcome 1, invalid_token\)/);
    expect(answers).toEqual(["\u0001"]);
  });

  it("of a client certificate is not tried without TLS", async () => {
    const { peer, said } = await peerOffering("EXTERNAL", "ANONYMOUS");
    expect(await failureOf(peer, external({ external: true }))).toMatchObject({
      code: "AUTHENTICATION_FAILED",
      message: expect.stringContaining("amqps://"),
    });
    expect(said).toEqual([]);
  });

  it("of a token with a character that would end it is not tried", async () => {
    const { peer, said } = await peerOffering("OAUTHBEARER");
    const failure = await failureOf(peer, external({ token: "a\u0001b" }));
    expect(failure).toMatchObject({ code: "AUTHENTICATION_FAILED" });
    expect(said).toEqual([]);
  });
});

describe("a server that breaks the rules of SASL", () => {
  const { saslHeader, mechanisms, outcome, challenge } = wire;
  const first = "r=x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
  it.each<[string, Buffer[], RegExp]>([
    ["lets us in before it names its mechanisms", [saslHeader, outcome(0)], /before its mechanisms/],
    ["challenges before it names its mechanisms", [saslHeader, challenge("x")], /before its mechanisms/],
    ["names them twice", [saslHeader, mechanisms("PLAIN"), mechanisms("PLAIN")], /named twice/],
    [
      "challenges PLAIN",
      [saslHeader, mechanisms("PLAIN"), challenge("")],
      /a challenge that this mechanism does not have|did not wait/,
    ],
    [
      "does not wait for the answer",
      [saslHeader, mechanisms("SCRAM-SHA-256"), challenge(first), challenge(first)],
      /did not wait|nonce/,
    ],
    [
      "lets us in before SCRAM has begun",
      [saslHeader, mechanisms("SCRAM-SHA-256"), outcome(0)],
      /before the login was sent/,
    ],
  ])("and %s fails the attempt, once, and prints nothing", async (_, bytes, text) => {
    const print = vi.spyOn(console, "error");
    const peer = await scriptedPeer(Buffer.concat(bytes));
    const failure = await failureOf(peer, { credentials: () => USER });
    expect(failure).toMatchObject({ code: "PROTOCOL_ERROR", verdict: "next", message: expect.stringMatching(text) });
    expect(print).not.toHaveBeenCalled();
  });
});

describe("a frame of SASL against the rules", () => {
  const frame = (code: number, ...fields: number[]) => {
    const list = [0xc0, fields.length + 1, 1, ...fields];
    return Buffer.from([0, 0, 0, 11 + list.length, 2, 1, 0, 0, 0, 0x53, code, ...list]);
  };

  it.each([
    ["an outcome of null", frame(0x44, 0x40)],
    ["an outcome of false", frame(0x44, 0x42)],
    ["an outcome that is a list", frame(0x44, 0x45)],
    ["an outcome that is text", frame(0x44, 0xa1, 1, 0x30)],
    ["an outcome that is a map", frame(0x44, 0xc1, 1, 0)],
    ["a challenge that is text", frame(0x42, 0xa1, 1, 0x30)],
    ["a challenge of nothing", frame(0x42, 0x40)],
  ])("is %s: the next endpoint is tried", async (_what, bytes) => {
    const peer = await scriptedPeer(Buffer.concat([wire.saslHeader, wire.mechanisms("PLAIN")]), bytes);
    const failure = await failureOf(peer, { credentials: () => USER });
    expect(failure).toMatchObject({ code: "PROTOCOL_ERROR", verdict: "next" });
  });

  it.each([0, 1])("is outcome %s before the login was seen", async (code) => {
    const peer = await scriptedPeer(
      Buffer.concat([wire.saslHeader, wire.mechanisms("PLAIN"), wire.outcome(code)]),
      Buffer.concat([wire.amqpHeader, wire.open()]),
    );
    const failure = await failureOf(peer, { credentials: () => USER });
    expect(failure).toMatchObject({ code: "PROTOCOL_ERROR", verdict: "next" });
    expect((failure as Error).message).toContain("before the login was sent");
  });
});
