/** What is left of a broker's words when the login is taken out of them. */
import { describe, expect, it } from "vitest";
import { LEFT_OUT, redactingCredentials } from "../../../../src/adapters/shared/redact-credentials.ts";
import { refusedConnect } from "../../../../src/adapters/stomp/opening/failures.ts";

describe("redactingCredentials", () => {
  it("replaces a secret of four characters or more wherever it stands, and the user as a word of its own", () => {
    const redact = redactingCredentials({ username: "ada", password: "open" });
    expect(redact("ada said reopened, adamant; open")).toBe("*** said re***ed, adamant; ***");
    expect(redactingCredentials({ token: "tokn" })("xtokny")).toBe("x***y");
  });

  it.each(["a", "it", "abc", "***", "é", "🔑🔑🔑", "$&", " "])(
    "leaves out the whole of a text that contains the short secret %j, and says so",
    (password) => {
      const redact = redactingCredentials({ username: "user", password });
      expect(redact(`f${password}iled: Duplic${password}te mess${password}ge`)).toBe(LEFT_OUT);
      expect(redact(password)).toBe(LEFT_OUT);
      expect(redact("no")).toBe("no");
    },
  );

  it("treats a short token as a short password, and an empty secret as none", () => {
    expect(redactingCredentials({ token: "xyz" })("the xyz")).toBe(LEFT_OUT);
    expect(redactingCredentials({ username: "u", password: "" })("the u")).toBe("the ***");
    expect(redactingCredentials(undefined)("the u")).toBe("the u");
    expect(redactingCredentials({ external: true, username: "ada" })("ada")).toBe("***");
  });

  it("does not give the password a away in the error of a refused CONNECT", () => {
    const refusal = {
      headers: { message: "failed: Duplicate message" },
      body: Buffer.from("failed: Duplicate message\n at a"),
    };
    const endpoint = { scheme: "stomp", host: "h", port: 1, options: {} } as const;
    const error = refusedConnect(endpoint, refusal as never, { username: "user", password: "a" });
    expect(error.message).toContain(LEFT_OUT);
    expect(error.message + String(error.cause)).not.toMatch(/f\*\*\*iled|Duplic\*\*\*te|failed: Duplicate/);
  });
});
