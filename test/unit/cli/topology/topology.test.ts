/** The verb as its users run it: files in, text or JSON out, exit codes. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { main } from "../../../../src/cli/main.ts";

const PAIR = `hosts: { h1: { address: 10.0.0.1 }, h2: { address: 10.0.0.2 } }
groups:
  A: { members: [{ name: a1, host: h1, ports: { openwire: 61616, stomp: 61613 } }, { name: a2, host: h2, ports: { openwire: 61616, stomp: 61613 } }] }
  B: { members: [{ name: b1, host: h2, ports: { openwire: 61617, stomp: 61614 } }, { name: b2, host: h1, ports: { openwire: 61617, stomp: 61614 } }] }
connectors:
  - { from: A, to: B, duplex: true }
`;
let directory = "";
let out = "";
let err = "";

async function run(...argv: string[]): Promise<number> {
  [out, err] = ["", ""];
  return main(["topology", ...argv]);
}
async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "topology-"));
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(console, "error").mockImplementation((text) => {
    err += String(text);
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(directory, { recursive: true });
});

describe("masterslave topology check", () => {
  it("of a network without findings exits with 0", async () => {
    expect(await run("check", await file("network.yaml", PAIR))).toBe(0);
    expect(out).toBe("0 errors, 0 warnings, 0 notes\n");
  });

  it("prints a finding at its file, line and column, and exits with 4", async () => {
    const path = await file("network.yaml", PAIR.replace("to: B", "to: A"));
    expect(await run("check", path)).toBe(4);
    expect(out).toContain(
      `${path}:6:5: error OWN_GROUP: The connector leads from group A to its own members a1 and a2`,
    );
  });

  it("exits with 0 where the finding is ignored, or less than --fail-on", async () => {
    const path = await file("network.yaml", PAIR.replace("duplex: true", "duplex: true, reconnect: exponential"));
    expect(await run("check", path)).toBe(4);
    expect(await run("check", path, "--fail-on", "error")).toBe(0);
    expect(out).toContain("SLOW_RECONNECT");
    expect(await run("check", path, "--ignore", "SLOW_RECONNECT")).toBe(0);
    expect(out).not.toContain("SLOW_RECONNECT");
  });

  it("refuses to ignore a code that does not exist, and names the nearest one", async () => {
    expect(await run("check", await file("network.yaml", PAIR), "--ignore", "SLOW_RECONECT")).toBe(2);
    expect(err).toContain("did you mean SLOW_RECONNECT?");
  });

  it("prints one envelope as JSON, and SARIF with rule, level and place", async () => {
    const path = await file("network.yaml", PAIR.replace("to: B", "to: A"));
    expect(await run("check", path, "--output", "json")).toBe(4);
    expect(JSON.parse(out)).toMatchObject({
      schema: "masterslave/topology-check/1",
      ok: false,
      data: {
        findings: [{ code: "OWN_GROUP", file: path, line: 6, column: 5 }],
        counts: { error: 1, warning: 0, info: 0 },
      },
      error: null,
    });
    expect(await run("check", path, "-o", "sarif")).toBe(4);
    const [sarif] = JSON.parse(out).runs;
    expect(sarif.tool.driver.rules).toMatchObject([{ id: "OWN_GROUP" }]);
    expect(sarif.results[0]).toMatchObject({ ruleId: "OWN_GROUP", ruleIndex: 0, level: "error" });
    expect(sarif.results[0].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: path },
      region: { startLine: 6, startColumn: 5 },
    });
  });

  it("of a bad description exits with 2 and says where", async () => {
    const path = await file("network.yaml", PAIR.replace("members", "member"));
    expect(await run("check", path)).toBe(2);
    expect(err).toContain(`${path}:3:8: error CONFIG_UNKNOWN_KEY`);
    expect(await run("check", path, "-o", "json")).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      data: null,
      error: { code: "TOPOLOGY_INVALID", findings: [{}, {}] },
    });
  });

  it("of a file that is not there exits with 2", async () => {
    expect(await run("check", join(directory, "missing.yaml"))).toBe(2);
    expect(await run("check", join(directory, "missing.xml"))).toBe(2);
    expect(err).toContain("cannot be read: ENOENT");
  });

  it("reads the XML that export wrote, with placeholders set", async () => {
    const path = await file("network.yaml", PAIR);
    expect(await run("export", path, "--target", "classic", "--directory", directory)).toBe(0);
    const files = ["a1", "a2", "b1", "b2"].map((name) => join(directory, name, "activemq.xml"));
    expect(await run("check", ...files)).toBe(0);
    const [first = ""] = files;
    await writeFile(first, (await readFile(first, "utf8")).replace(":61617", `:\${PORT}`));
    expect(await run("check", ...files, "--fail-on", "info")).toBe(4);
    expect(out).toContain("DEPENDS_ON_PLACEHOLDER");
    expect(await run("check", ...files, "--set", "PORT=61617", "--fail-on", "info")).toBe(0);
  });
});

describe("the other verbs of masterslave topology", () => {
  it("export refuses to overwrite files without --force", async () => {
    const path = await file("network.yaml", PAIR);
    expect(await run("export", path, "--target", "bridge", "--directory", directory)).toBe(0);
    expect(await readdir(directory)).toContain("bridge.yaml");
    expect(await run("export", path, "--target", "bridge", "--directory", directory)).toBe(2);
    expect(err).toContain("--force");
    expect(await run("export", path, "--target", "bridge", "--directory", directory, "--force")).toBe(0);
  });

  it("plan prints the clients' URI of each group and the connectors of each broker", async () => {
    expect(await run("plan", await file("network.yaml", PAIR))).toBe(0);
    expect(out).toContain("group A, stomp: masterslave:(stomp://10.0.0.1:61613,stomp://10.0.0.2:61613)\n");
    expect(out).toContain("b1 of group B may connect to a1, a2\n");
  });

  it("simulate prints who takes over, and render draws the state it printed", async () => {
    const path = await file("network.yaml", PAIR);
    expect(await run("simulate", path, "--fail", "h1")).toBe(0);
    expect(out).toContain("Taken over, within 1400 ms: A.");
    expect(await run("simulate", path, "--fail", "h1", "-o", "json")).toBe(0);
    const state = await file("state.json", out);
    expect(await run("render", path, "--format", "svg", "--state", state)).toBe(0);
    expect(out).toContain("a1 of group A is down");
    expect(await run("render", path)).toBe(0);
    expect(out).toMatch(/^flowchart LR/);
  });

  it("simulate of an unknown host, and render with a file that is no state, exit with 2", async () => {
    const path = await file("network.yaml", PAIR);
    expect(await run("simulate", path, "--fail", "h9")).toBe(2);
    expect(err).toContain("no host h9");
    expect(await run("render", path, "--state", path)).toBe(2);
    expect(err).toContain("cannot be read as JSON");
  });

  it("generate prints a description that check finds nothing in", async () => {
    expect(await run("generate", "--pairs", "4", "--shape", "mesh")).toBe(0);
    expect(await run("check", await file("network.yaml", out))).toBe(0);
  });
});
