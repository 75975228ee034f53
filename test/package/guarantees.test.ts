/** Every test that docs/delivery-guarantees.md names is there. */
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

it("every promise names tests that exist", async () => {
  const text = (await read("docs/delivery-guarantees.md")).replaceAll("`test/package/guarantees.test.ts`", "");
  const named = [...text.matchAll(/`([\w/.-]+\.test\.ts)`((?:\s+"[^"]+",?)+)/g)];
  expect(named.length).toBeGreaterThan(15);
  for (const [, file = "", titles = ""] of named) {
    const source = await read(`test/${file}`);
    for (const [, title = ""] of titles.matchAll(/"([^"]+)"/g))
      expect(source, `${file} has no such test`).toContain(title);
  }
});
