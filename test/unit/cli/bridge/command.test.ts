import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { main } from "../../../../src/cli/main.ts";
import { connect } from "../../../../src/connect/connect.ts";
import { embeddedGroup } from "../../../../src/testing/embedded-group.ts";

const EXAMPLE = join(import.meta.dirname, "..", "..", "..", "..", "examples", "bridge.yaml");
let directory: string;
let out: string[];
let err: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "bridge-cli-"));
  [out, err] = [[], []];
  vi.spyOn(console, "log").mockImplementation((line: string) => void out.push(line));
  vi.spyOn(console, "error").mockImplementation((line: string) => void err.push(line));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(directory, { recursive: true });
});

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(directory, name), text);
  return join(directory, name);
}

describe("masterslave bridge", () => {
  it("check tells each mistake with file, line and column, and ends with 2", async () => {
    const path = await file(
      "b.yaml",
      'groups:\n  north: { uri: "amqp://a:5672" }\nlinks:\n  l: { from: nort, to: north, include: ["queue://a"] }\n',
    );
    expect(await main(["bridge", "check", path])).toBe(2);
    expect(err.join("\n")).toContain(`${path}:4:14: error UNKNOWN_GROUP: there is no group nort (Did you mean north?)`);
    expect(await main(["bridge", "check", path, "--output", "json"])).toBe(2);
    expect(JSON.parse(out[0] ?? "")).toMatchObject({
      schema: "masterslave/bridge-check/1",
      ok: false,
      error: { code: "BRIDGE_CONFIG" },
    });
  });

  it.each(["soon", "0", "-1s"])("takes no --timeout of %s, and says what one looks like", async (timeout) => {
    for (const verb of [
      ["check", EXAMPLE, "--connect"],
      ["trace", "id", "--status-file", "status.json"],
    ]) {
      err.length = 0;
      const said = vi.spyOn(process.stderr, "write").mockImplementation((text) => err.push(String(text)) > 0);
      expect(await main(["bridge", ...verb, "--timeout", timeout])).toBe(2);
      said.mockRestore();
      expect(err.join("")).toContain("Give a time such as 500ms, 3s or 2m.");
    }
  });

  it("check of a good file ends with 0, and run --dry-run prints what would run", async () => {
    expect(await main(["bridge", "check", EXAMPLE])).toBe(0);
    expect(await main(["bridge", "run", EXAMPLE, "--dry-run"])).toBe(0);
    expect(out.join("\n")).toContain("orders: north -> south");
    expect(out.join("\n")).toContain("rename  queue://orders.* -> queue://north.orders.$1");
  });

  it("test runs the cases beside the configuration on embedded groups, and tells which does not hold", async () => {
    expect(await main(["bridge", "test", EXAMPLE])).toBe(0);
    expect(out.at(-1)).toBe("3 of 3 hold");
    const cases = await file(
      "c.yaml",
      'cases:\n  - { name: wrong, link: orders, given: { destination: "queue://orders.new" }, expect: stays }\n  - { name: other, link: orders, given: { destination: "queue://orders.new" }, expect: { destination: "queue://north.orders.new", properties: { origin: south } } }\n',
    );
    expect(await main(["bridge", "test", EXAMPLE, cases, "--output", "json"])).toBe(4);
    const { data } = JSON.parse(out.at(-1) ?? "");
    expect(data.cases[1]).toMatchObject({
      name: "other",
      ok: false,
      found: 'the property origin is "north", not "south"',
    });
    const unknown = await file(
      "d.yaml",
      'cases: [{ name: x, link: ordres, given: { destination: "queue://a" }, expect: stays }]\n',
    );
    expect(await main(["bridge", "test", EXAMPLE, unknown])).toBe(2);
    expect(err.join("\n")).toContain("there is no link ordres");
  });

  it("run ends with 0 when every link is over, and status reads what it wrote", async () => {
    const [north, south] = await Promise.all([embeddedGroup({ inProcess: true }), embeddedGroup({ inProcess: true })]);
    try {
      const sender = await connect(north.uri("amqp"));
      for (let n = 0; n < 5; n += 1) await sender.send("queue://a", `${n}`);
      await sender.close();
      const path = await file(
        "b.yaml",
        `groups:\n  north: { uri: "${north.uri("amqp")}" }\n  south: { uri: "${south.uri("stomp")}" }\nlinks:\n  l: { from: north, to: south, include: ["queue://a"], until: empty }\n`,
      );
      const status = join(directory, "status.json");
      expect(await main(["bridge", "run", path, "--output", "ndjson", "--status-file", status])).toBe(0);
      expect(await south.messages("a")).toHaveLength(5);
      const last = JSON.parse(out.at(-1) ?? "");
      expect(last).toMatchObject({ type: "status", links: { l: { state: "stopped", forwarded: 5 } } });
      expect(await main(["bridge", "status", status, "--output", "json"])).toBe(0);
      expect(JSON.parse(out.at(-1) ?? "")).toMatchObject({ ok: true, data: { links: { l: { forwarded: 5 } } } });
      expect(await main(["bridge", "status", join(directory, "none.json")])).toBe(2);
    } finally {
      await Promise.all([north.close(), south.close()]);
    }
  });
});
