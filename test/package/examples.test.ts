/** The README's example and everything under examples/ run, against an embedded group, as their first comment says. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Connection, connect } from "masterslave-transport";
import { blackHole, type EmbeddedGroup, embeddedGroup } from "masterslave-transport/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
let group: EmbeddedGroup;
let scratch: string;

beforeAll(async () => {
  group = await embeddedGroup({ protocols: ["stomp"] });
  // Inside the package, so that its name resolves as it does for users.
  scratch = await mkdtemp(join(root, "dist", "readme-"));
});
afterAll(async () => {
  await group?.close();
  await rm(scratch, { recursive: true, force: true });
});

describe("the examples", () => {
  it("are short, and begin with the command that runs them", async () => {
    const entries = await readdir(join(root, "examples"), { withFileTypes: true });
    // The descriptions of networks are tested in test/unit/topology.
    for (const { name } of entries.filter((entry) => entry.isFile())) {
      const lines = (await readFile(join(root, "examples", name), "utf8")).trimEnd().split("\n");
      expect(lines.length, name).toBeLessThanOrEqual(40);
      // Those of the bridge bring their own groups, or name those of the reader.
      const first = name.endsWith(".yaml")
        ? /^# masterslave bridge (run|test) examples\/bridge\.yaml$/
        : new RegExp(`^// (MASTERSLAVE_URI='masterslave:.*' )?node examples/${name}$`);
      expect(lines[0], name).toMatch(first);
    }
  });

  it.each(["outbox", "receive", "request", "send", "worker"])(
    "%s.js without MASTERSLAVE_URI ends with one line that names the variable, and one that fails ends with one line",
    async (name) => {
      const without = await run(`examples/${name}.js`, { MASTERSLAVE_URI: "" }).exit;
      expect(without.code).toBe(2);
      expect(without.text).toMatch(/^Set MASTERSLAVE_URI to .*\n$/);
      const uri = "masterslave:(stomp://127.0.0.1:1,stomp://127.0.0.1:2)?initialConnect=fail-fast";
      const failing = await run(`examples/${name}.js`, { MASTERSLAVE_URI: uri }).exit;
      expect(failing.code).toBe(1);
      expect(failing.text).toMatch(/^NO_ACTIVE_ENDPOINT: .*127\.0\.0\.1:1.*127\.0\.0\.1:2.*\n$/);
    },
  );

  it("send.js says what it waits for while a host is dead", async () => {
    const dead = await blackHole();
    const waiting = run("examples/send.js", { MASTERSLAVE_URI: `stomp://${dead.host}:${dead.port}` });
    await waiting.says(`waiting for 1 s: stomp://${dead.host}:${dead.port} has not answered yet`);
    waiting.child.kill();
    await waiting.exit;
    await dead.close();
  });

  it("bridge.js forwards two messages over a failover of the target", async () => {
    expect(await run("examples/bridge.js").exit).toMatchObject({
      code: 0,
      text: expect.stringMatching(/1 hammer [\s\S]*2 saws /),
    });
  });

  it("send.js stores three orders, and receive.js works them off and stops on SIGTERM", async () => {
    const receiving = run("examples/receive.js");
    await receiving.says("ready");
    expect(await run("examples/send.js").exit).toMatchObject({
      code: 0,
      text: expect.stringMatching(/(stored .*\n){3}/),
    });
    await receiving.says("order for 3");
    receiving.child.kill("SIGTERM");
    expect(await receiving.exit).toMatchObject({ code: 0, text: expect.stringContaining("stopped") });
  });

  it("outbox.js delivers what an earlier run left, once, then its own", async () => {
    const outbox = join(scratch, "outbox.jsonl");
    const entries = [{ id: "left", body: { sku: 7 } }, { id: "done", body: { sku: 8 } }, { confirmed: "done" }];
    await writeFile(outbox, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    const { code, text } = await run("examples/outbox.js", { OUTBOX: outbox }).exit;
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringContaining("delivered 1 left over") });
    const messages = await group.messages("orders");
    const ids = messages.map(({ properties }) => properties["_AMQ_DUPL_ID"]);
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBe("left");
  });
});

describe("the longer examples", () => {
  it("worker.js ships what is under way when SIGTERM comes, and takes in nothing more", async () => {
    const connection = await connect(group.uri("stomp"));
    await empty(connection, "queue://orders");
    const working = run("examples/worker.js");
    await working.says("ready");
    await connection.send("queue://orders", { sku: 1, workMs: 1_000 });
    await working.says("working on 1");
    working.child.kill("SIGTERM");
    await working.says("finishing what is under way");
    await connection.send("queue://orders", { sku: 2 });
    expect(await working.exit).toMatchObject({ code: 0, text: expect.stringContaining("stopped, 1 shipped") });
    const [shipments, orders] = [await group.messages("shipments"), await group.messages("orders")];
    expect(shipments.map(({ text }) => text)).toEqual(['{"sku":1}']);
    expect(orders.map(({ text }) => text)).toEqual(['{"sku":2}']);
    await empty(connection, "queue://orders");
    await connection.close();
  });

  /** What other examples have left there. */
  async function empty(connection: Connection, queue: string): Promise<void> {
    const consumer = connection.consume(queue);
    while (await (await consumer.receive({ timeoutMs: 200 }))?.accept());
    await consumer.close();
  }

  it("request.js asks and answers", async () => {
    const { code, text } = await run("examples/request.js").exit;
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringContaining("3 costs 30") });
  });
});

describe("the README", () => {
  it("opens with an example that runs", async () => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const [, code = ""] = readme.match(/```js\n(.*?)```/s) ?? [];
    expect(code.trimEnd().split("\n").length).toBeLessThanOrEqual(10);
    const file = join(scratch, "readme.mjs");
    await writeFile(file, code.replace(/masterslave:\([^)]*\)/, group.uri("stomp")));
    const example = run(file, { MQ_PASSWORD: "x" });
    await example.says("{ sku: 1, count: 3 }");
    example.child.kill();
    await example.exit;
  });

  it("names commands that package.json has", async () => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    const named = [...readme.matchAll(/npm (?:run )?([a-z:]+)/g)].map(([, name = ""]) => name);
    for (const name of named.filter((each) => each !== "ci" && each !== "install"))
      expect(Object.keys(scripts)).toContain(name);
  });
});

it("a message sent by the built package is received by it", async () => {
  const connection = await connect(group.uri("stomp"));
  try {
    const { id } = await connection.send("queue://built", "x");
    const { value } = await connection.consume("queue://built").next();
    expect(value?.message.id).toBe(id);
    await value?.accept();
  } finally {
    await connection.close();
  }
});

interface Running {
  readonly child: ChildProcess;
  readonly exit: Promise<{ readonly code: number | null; readonly text: string }>;
  says(text: string): Promise<void>;
}

function run(file: string, environment: Record<string, string> = {}): Running {
  const env = { ...process.env, MASTERSLAVE_URI: group.uri("stomp"), ...environment };
  const child = spawn(process.execPath, [file], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  let heard = () => {};
  const hear = (chunk: Buffer) => {
    text += chunk;
    heard();
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const exit = new Promise<{ code: number | null; text: string }>((resolve) => {
    child.once("close", (code) => {
      resolve({ code, text });
      heard();
    });
  });
  const says = async (wanted: string) => {
    while (!text.includes(wanted)) {
      if (child.exitCode !== null) throw new Error(`${file} ended without saying "${wanted}":\n${text}`);
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
  };
  return { child, exit, says };
}
