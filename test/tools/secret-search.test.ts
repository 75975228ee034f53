/** The search for secrets finds what it is for, in every form, and nothing else: a check that finds nothing proves nothing by itself. */
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { formsOf } from "../support/secrets/planted.ts";
import { SecretSearch } from "../support/secrets/search.ts";

const SECRET = { kind: "password", value: "an0ther pässw/rd+" } as const;
const search = new SecretSearch([SECRET]);
const found = (text: string) => search.in(Buffer.from(text), "a log").map(({ form }) => form);
const basic = (before: string) => Buffer.from(`${before}${SECRET.value}\u0000tail`).toString("base64");

describe("the search for secrets", () => {
  it.each([
    ["as it is", `x${SECRET.value}`, "plain"],
    ["in a URI", `stomp://u:${encodeURIComponent(SECRET.value)}@h`, "percent-encoded"],
    ["in JSON", JSON.stringify({ it: SECRET.value }), "plain"],
    ["as a buffer that is inspected", inspect(Buffer.from(SECRET.value)), "an inspected buffer"],
    ["as a buffer in JSON", JSON.stringify(Buffer.from(SECRET.value)), "a buffer in JSON"],
    ["in hexadecimal", Buffer.from(SECRET.value).toString("hex"), "hexadecimal"],
    ["in SASL PLAIN, base64", basic("\u0000app\u0000"), "base64"],
    ["in SASL PLAIN of a longer user, base64", basic("\u0000app2\u0000"), "base64"],
    ["in SASL PLAIN of a still longer user, base64", basic("\u0000app22\u0000"), "base64"],
    ["in a token of base64url", `x${Buffer.from(`${SECRET.value}??>>`).toString("base64url")}`, "base64"],
  ])("finds one written %s", (_, text, form) => {
    expect(found(`${"·".repeat(1_000)}${text} and more`)).toContain(form);
  });

  it("finds the lines of a private key, and not what every key has", () => {
    const line = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0123456789abcdef";
    const forms = formsOf({ kind: "key", value: `-----BEGIN PRIVATE KEY-----\n${line}\n-----END PRIVATE KEY-----\n` });
    expect(forms.map(({ text }) => text)).toContain(line);
    expect(forms.some(({ text }) => text.includes("BEGIN"))).toBe(false);
  });

  it("finds nothing in texts without one", () => {
    expect(found("an other pässword, an0ther passw/rd+, bjB0aGVyIHDD")).toEqual([]);
    expect(found("")).toEqual([]);
  });

  it("tells where, and stops at a file that is full of them", () => {
    const leaks = search.in(Buffer.from(`12345${SECRET.value}`.repeat(100)), "a log");
    expect(leaks[0]).toEqual({ file: "a log", position: 5, kind: "password", form: "plain" });
    expect(leaks.length).toBeLessThan(50);
  });
});
