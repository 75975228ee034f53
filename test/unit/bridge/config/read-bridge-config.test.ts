import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { inspectDocument, readBridgeConfig } from "../../../../src/bridge/config/read-bridge-config.ts";
import { bridgeJsonSchema } from "../../../../src/bridge/config/schema.ts";
import { readConfigText } from "../../../../src/config/read-config-text.ts";

const VECTORS = join(import.meta.dirname, "..", "..", "..", "vectors", "bridge");
const EXPECTED = JSON.parse(readFileSync(join(VECTORS, "expected.json"), "utf8")) as Record<string, unknown[]>;
const NAMES = readdirSync(VECTORS).filter((name) => name.endsWith(".yaml"));

const read = (name: string) => readConfigText(readFileSync(join(VECTORS, name), "utf8"), { file: name, env: {} });

describe("a configuration with a mistake", () => {
  it("is one of more than fifty, each in a file with its message", () => {
    expect(NAMES.length).toBeGreaterThan(50);
    expect(Object.keys(EXPECTED).sort()).toEqual([...NAMES].sort());
  });

  it.each(NAMES)("is refused with its place and advice: %s", (name) => {
    const { config, findings } = inspectDocument(read(name));
    const errors = findings.filter(({ severity }) => severity === "error");
    expect(config).toBeUndefined();
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.map(({ severity, file, ...rest }) => rest)).toEqual(EXPECTED[name]);
    for (const { file, advice } of errors) expect([file, advice]).toEqual([name, expect.stringMatching(/./)]);
  });

  it.each(NAMES)("of shape is refused by the editor's schema too: %s", (name) => {
    const ofShape = (EXPECTED[name] as { readonly code: string }[]).some(({ code }) =>
      ["CONFIG_VALUE", "CONFIG_MISSING", "CONFIG_UNKNOWN_KEY", "CONFIG_KEY", "CONFIG_NOT_YET"].includes(code),
    );
    const schema = z.fromJSONSchema(bridgeJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
    const document = read(name);
    const isText = document.findings.some(({ code }) => code === "CONFIG_SYNTAX");
    expect(schema.safeParse(document.value).success).toBe(!ofShape && !isText);
  });
});

const GOOD = {
  groups: { north: { uri: "masterslave:(amqp://a:5672,amqp://b:5672)" }, south: { uri: "stomp://c:61613" } },
  links: { orders: { from: "north", to: "south", include: ["queue://orders.>"] } },
} as const;

describe("readBridgeConfig", () => {
  it("takes an object of the same shape", async () => {
    expect(await readBridgeConfig(GOOD)).toEqual(GOOD);
  });

  it("rejects with BRIDGE_CONFIG and every finding", async () => {
    const links = { orders: { ...GOOD.links.orders, from: "nort" } };
    await expect(readBridgeConfig({ ...GOOD, links })).rejects.toMatchObject({
      code: "BRIDGE_CONFIG",
      findings: expect.arrayContaining([expect.objectContaining({ code: "UNKNOWN_GROUP", path: "links.orders.from" })]),
    });
    await expect(readBridgeConfig("/nowhere.yaml")).rejects.toMatchObject({ code: "BRIDGE_CONFIG" });
  });

  it("allows a move with renames inside one group", async () => {
    const move = {
      from: "north",
      to: "north",
      include: ["queue://DLQ"],
      rename: [{ from: "queue://DLQ", to: "queue://orders" }],
      until: "empty" as const,
    };
    expect((await readBridgeConfig({ groups: { north: GOOD.groups.north }, links: { move } })).links["move"]).toEqual(
      move,
    );
  });
});

it("the schema for editors that is shipped is the checker's", () => {
  const shipped = readFileSync(join(import.meta.dirname, "..", "..", "..", "..", "docs", "bridge.schema.json"), "utf8");
  expect(JSON.parse(shipped)).toEqual(JSON.parse(JSON.stringify(bridgeJsonSchema())));
});
