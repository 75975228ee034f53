import { describe, expect, it } from "vitest";
import { peerText } from "../../../../../src/adapters/stomp/opening/peer-text.ts";
import { readRefusal } from "../../../../../src/adapters/stomp/opening/refusal.ts";

const SECRET = "tiger secret";
const redact = (text: string) => text.replaceAll(SECRET, "***");
const KIB = 1024;

describe("a text of the peer's", () => {
  it("is kept as it is up to 1 KiB, and cut behind that", () => {
    expect(peerText("no such queue", redact)).toBe("no such queue");
    expect(peerText("x".repeat(5 * KIB), redact)).toBe("x".repeat(KIB));
    expect(peerText("x".repeat(1000 * KIB), redact)).toBe("x".repeat(KIB));
  });

  it.each([KIB, 64 * KIB])("shows no part of a secret that is cut in two after %d characters", (cut) => {
    for (let offset = 0; offset <= SECRET.length; offset++) {
      const text = `${"x".repeat(cut - offset)}${SECRET}${"y".repeat(cut)}`;
      expect(peerText(text, redact)).not.toMatch(/tiger|t$/);
    }
  });

  it("shows no part of a secret when it is nothing but secrets", () => {
    for (let offset = 0; offset <= SECRET.length; offset++) {
      expect(peerText(`${"x".repeat(offset)}${SECRET.repeat(10_000)}`, redact)).not.toMatch(/[tiger]/);
    }
  });
});

describe("readRefusal", () => {
  it.each([
    ["a text that nearly begins with the body's first line", "a".repeat(KIB * KIB), `ab${"a".repeat(64 * KIB)}`],
    ["a first line that nearly begins with the text", `ab${"a".repeat(32 * KIB)}`, "a".repeat(64 * KIB)],
    ["nothing but spaces and colons", " :".repeat(500 * KIB), ": ".repeat(32 * KIB)],
  ])("takes no more than a moment for %s", (_what, message, body) => {
    const { user, system } = process.cpuUsage();
    for (let nth = 0; nth < 5; nth++) readRefusal({ message }, Buffer.from(body), redact);
    const after = process.cpuUsage();
    expect((after.user - user + after.system - system) / 1000).toBeLessThan(500);
  });

  it("still tells the text of the header and the first line of the body apart, and joins them", () => {
    const of = (message: string, body: string) => readRefusal({ message }, Buffer.from(body), redact).text;
    expect(of("no queue", "no queue\n\tat Java.java")).toBe("no queue");
    expect(of("no queue", "it is gone\n\tat Java.java")).toBe("no queue: it is gone");
    expect(of("AMQ1: no queue", "AMQ1 no queue")).toBe("AMQ1 no queue");
  });
});
