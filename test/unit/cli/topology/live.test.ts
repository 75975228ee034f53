/** diff and drill as their users run them, against members of the embedded group. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { main } from "../../../../src/cli/main.ts";
import { type EmbeddedGroup, embeddedGroup } from "../../../../src/testing/index.ts";

let directory = "";
let out = "";
let err = "";
let group: EmbeddedGroup;
let network = "";

async function run(...argv: string[]): Promise<number> {
  [out, err] = ["", ""];
  return main(["topology", ...argv]);
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "topology-live-"));
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(console, "error").mockImplementation((text) => {
    err += String(text);
  });
  group = await embeddedGroup({ members: 2, protocols: ["stomp"], inProcess: true });
  const [first, second] = [...group.uri("stomp").matchAll(/:(\d+)/g)].map(([, port]) => port);
  network = join(directory, "network.yaml");
  await writeFile(
    network,
    `product: artemis
hosts: { h1: { address: 127.0.0.1 }, h2: { address: 127.0.0.1 } }
groups:
  A: { members: [{ name: a1, host: h1, ports: { stomp: ${first} } }, { name: a2, host: h2, ports: { stomp: ${second} } }] }
`,
  );
});
afterEach(async () => {
  vi.restoreAllMocks();
  await group.close();
  await rm(directory, { recursive: true });
});

describe("masterslave topology diff", () => {
  it("says what each member is, and exits with 4 where the preferred master is another one", async () => {
    await run("diff", network, "--output", "json");
    expect(JSON.parse(out)).toMatchObject({
      schema: "masterslave/topology-diff/1",
      data: { members: { a1: "active", a2: "standby" } },
    });
    await group.failover();
    expect(await run("diff", network)).toBe(4);
    expect(out).toContain("a1: standby\na2: active");
    expect(out).toContain("network.yaml:4:17: warning NOT_PREFERRED: a2 is active, and a1 is the preferred master");
  });

  it("prints a state that render draws", async () => {
    await group.failover();
    await run("diff", network, "--output", "json");
    const state = join(directory, "state.json");
    await writeFile(state, out);
    expect(await run("render", network, "--format", "text", "--state", state)).toBe(0);
    expect(out).toMatch(/a1 .*standby/);
    expect(out).toMatch(/a2 .*active/);
  });
});

describe("masterslave topology drill", () => {
  it("runs the command for each member of the host, with HOST, ADDRESS and MEMBER, and lays out what happened", async () => {
    const told = join(directory, "told");
    // Nobody dies by this command: the drill must say so.
    const command = `echo "$HOST $ADDRESS $MEMBER" >> ${told}`;
    expect(await run("drill", network, "--fail", "h1", "--kill-cmd", command, "--patience", "300ms")).toBe(4);
    expect(await readFile(told, "utf8")).toBe("h1 127.0.0.1 a1\n");
    expect(out).toContain("| a1 | h1 | active | down | active | DIFFERS |");
    expect(out).toContain("- a2 should be active and is standby");
  });

  it("exits with 2 where the command fails, and shows the command and its exit code", async () => {
    expect(await run("drill", network, "--fail", "h1", "--kill-cmd", "exit 7")).toBe(2);
    expect(err).toContain("--kill-cmd for h1, 127.0.0.1, a1 ended with 7: exit 7");
  });

  it("runs the commands of a cut for each host, and heals it in the end", async () => {
    const told = join(directory, "told");
    const command = (word: string) => `echo "${word} $HOST $ADDRESS $MEMBER" >> ${told}`;
    const options = ["--cut", command("cut"), "--heal-cmd", command("heal"), "--hold", "200ms", "--patience", "300ms"];
    expect(await run("drill", network, "--fail", "h1", ...options)).toBe(4);
    expect(await readFile(told, "utf8")).toBe("cut h1 127.0.0.1 \nheal h1 127.0.0.1 \n");
    expect(out).toContain("- a1 should be cut and is active");
  });

  it.each([
    [["--fail", "h1"], "Give --kill-cmd with what ends a member, or --cut"],
    [["--fail", "h1", "--kill-cmd", "true", "--cut", "true"], "Give --kill-cmd with what ends a member, or --cut"],
    [["--fail", "h9", "--kill-cmd", "true"], "There is no host h9"],
    [["--fail", "h1", "--kill-cmd", "true", "--heal-cmd", "true"], "give --cut as well"],
    [["--fail", "h1", "--kill-cmd", "true", "--username", "app"], "Give --username and --password-file together"],
  ])("refuses %j before anything is done", async (options, message) => {
    expect(await run("drill", network, ...options)).toBe(2);
    expect(err).toContain(message);
  });
});
