import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const text = readFileSync(`${ROOT}docs/testing.md`, "utf8");
const examples = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = ""]) => code);

beforeAll(() => {
  if (!existsSync(`${ROOT}dist/testing/index.js`))
    throw new Error('dist is missing: run "npm run build" before these tests');
});

describe("docs/testing.md", () => {
  it.each(examples.map((code, index) => [index, code] as const))(
    "has an example %i that runs",
    async (_, code) => {
      const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], {
        cwd: ROOT,
        timeout: 20_000,
      });
      const { stdout } = await run;
      expect(stdout).toMatch(/pass 1|masterslave:\(amqp:/);
      expect(stdout).not.toMatch(/fail [1-9]/);
    },
    30_000,
  );

  it("has two examples, and lists every call of the group and the proxy", async () => {
    expect(examples).toHaveLength(2);
    for (const [file, prefix] of [
      ["embedded-group.ts", "group."],
      ["fault-proxy.ts", ""],
    ] as const) {
      const source = readFileSync(`${ROOT}src/testing/${file}`, "utf8");
      const calls = [...source.matchAll(/^ {2}(?:async )?([a-z]\w*)\(/gm)].map(([, name]) => name);
      const listed = calls.filter((name) => name !== "constructor" && name !== "start");
      expect(listed.length).toBeGreaterThan(8);
      for (const name of listed) expect(text).toContain(`${prefix}${name}(`);
    }
  });
});
