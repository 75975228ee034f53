/** SCRAM by the vector of RFC 7677, and against a server that breaks the rules in every place. */
import { describe, expect, it, vi } from "vitest";
import { type ScramMechanism, scram } from "../../../../../src/adapters/amqp/sasl/scram.ts";
import { scramServer } from "../../../../support/scram-server.ts";
import { failureOf, LOGIN, openOn, rheaPeer } from "../scripted-peer.ts";

const USER = { username: "user", password: "pencil" };
const NONCE = "rOprNGfwEbeRWgbNEkqO";
const FIRST = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const FINAL = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

async function peerWith(mechanism: ScramMechanism, options: Partial<Parameters<typeof scramServer>[1]> = {}) {
  const peer = await rheaPeer();
  const hash = mechanism === "SCRAM-SHA-256" ? "sha256" : "sha512";
  Object.assign(peer.container.sasl_server_mechanisms, { [mechanism]: scramServer(hash, { ...USER, ...options }) });
  return peer;
}

describe("SCRAM", () => {
  it("says what the example of RFC 7677 says, word for word", async () => {
    const exchange = scram("SCRAM-SHA-256", USER, NONCE);
    expect(String(await exchange.start())).toBe("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    expect(String(await exchange.step(Buffer.from(FIRST)))).toBe(
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    );
    expect(() => exchange.accept(undefined)).toThrow(/without proving that it knows the password/);
    expect(await exchange.step(Buffer.from(FINAL))).toHaveLength(0);
    exchange.accept(undefined);
  });

  it("takes the server's signature in the outcome too (RFC 4422, 3.6)", async () => {
    const exchange = scram("SCRAM-SHA-256", USER, NONCE);
    await exchange.start();
    await exchange.step(Buffer.from(FIRST));
    expect(() => exchange.accept(Buffer.from("v=AAAA"))).toThrow(/could not prove/);
    exchange.accept(Buffer.from(FINAL));
  });

  it("refuses a message with the attribute m, an extension it would have to understand (RFC 5802, 5.1)", async () => {
    const exchange = scram("SCRAM-SHA-256", USER, NONCE);
    await exchange.start();
    await expect(exchange.step(Buffer.from(`m=x,${FIRST}`))).rejects.toThrow(/extension of SCRAM \(m=\)/);
    const later = scram("SCRAM-SHA-256", USER, NONCE);
    await later.start();
    await later.step(Buffer.from(FIRST));
    await expect(later.step(Buffer.from(`${FINAL},m=`))).rejects.toThrow(/extension of SCRAM/);
    expect(() => later.accept(Buffer.from(`m=,${FINAL}`))).toThrow(/extension of SCRAM/);
  });

  it("escapes what would end a name, and prepares what is typed in two ways (RFC 4013)", async () => {
    const first = async (username: string) =>
      String(await scram("SCRAM-SHA-256", { username, password: "x" }, NONCE).start());
    expect(await first("a=b,c")).toBe(`n,,n=a=3Db=2Cc,r=${NONCE}`);
    expect(await first("I\u00adX")).toBe(`n,,n=IX,r=${NONCE}`);
    expect(await first("zoe\u0308")).toBe(`n,,n=zoë,r=${NONCE}`);
    await expect(first("a\u0007ü")).rejects.toThrow(/SASLprep/);
  });

  it("takes a name with characters younger than Unicode 3.2, and no such password (RFC 5802, 5.1)", async () => {
    const named = scram("SCRAM-SHA-256", { username: "zoe🦊", password: "pencil" }, NONCE);
    expect(String(await named.start())).toBe(`n,,n=zoe🦊,r=${NONCE}`);
    expect(String(await named.step(Buffer.from(FIRST)))).toMatch(/,p=/);
    const secret = scram("SCRAM-SHA-256", { username: "user", password: "pencil🦊" }, NONCE);
    await secret.start();
    await expect(secret.step(Buffer.from(FIRST))).rejects.toThrow(/SASLprep/);
  });

  it.each(["SCRAM-SHA-256", "SCRAM-SHA-512"] as const)(
    "%s logs in, and is refused with a wrong password",
    async (mechanism) => {
      const peer = await peerWith(mechanism, { username: "zoë", password: "pässwörd€" });
      await openOn(peer, { credentials: () => ({ username: "zoë", password: "pässwörd€" }) });
      expect(await failureOf(peer, { credentials: () => LOGIN })).toMatchObject({
        code: "AUTHENTICATION_FAILED",
        verdict: "stop",
        message: expect.stringMatching(/password is wrong \(SASL outcome 1/),
      });
    },
  );

  it.each([
    ["does not go on from our nonce", { first: (text: string) => text.replace(/^r=./, "r=#") }, /nonce/],
    ["sends our nonce back as it was", { first: (text: string) => text.replace("server,", ",") }, /nonce/],
    ["sends no salt", { first: (text: string) => text.replace(/s=[^,]*/, "s=") }, /salt/],
    [
      "asks for 2^31 iterations",
      { first: (text: string) => text.replace(/i=.*/, "i=2147483648") },
      /2147483648 iterations/,
    ],
    ["asks for one iteration", { first: (text: string) => text.replace(/i=.*/, "i=1") }, /1 iterations/],
    ["asks for no number", { first: (text: string) => text.replace(/i=.*/, "i=many") }, /iterations/],
    ["sends garbage", { first: () => "how do you do?" }, /nonce/],
    ["signs with another key", { last: () => `v=${Buffer.alloc(32).toString("base64")}` }, /could not prove/],
    ["signs with nothing", { last: () => "v=" }, /could not prove/],
    ["accepts the login without its signature", { last: "skip" as const }, /without proving/],
  ])("refuses a server that %s: the next endpoint is tried, and nothing is printed", async (_what, options, text) => {
    const print = vi.spyOn(console, "error");
    const peer = await peerWith("SCRAM-SHA-256", options);
    const failure = await failureOf(peer, { credentials: () => USER });
    expect(failure).toMatchObject({ code: "PROTOCOL_ERROR", verdict: "next", message: expect.stringMatching(text) });
    expect((failure as Error).message).toMatch(/cannot be trusted/);
    expect((failure as Error).message).not.toContain(USER.password);
    expect(print).not.toHaveBeenCalled();
  });
});
