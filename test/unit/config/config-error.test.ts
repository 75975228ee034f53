import { expect, it } from "vitest";
import { ConfigError } from "../../../src/config/config-error.ts";
import { formatPath } from "../../../src/config/finding.ts";
import { readConfigFile } from "../../../src/config/read-config-file.ts";
import { readConfigText } from "../../../src/config/read-config-text.ts";
import { secretInFile, secretNotSet } from "../../../src/config/secret.ts";

it("a configuration error lists file, line, column, message and advice of each error, and keeps all findings", () => {
  const document = readConfigText("a: 1\n", { file: "b.yaml" });
  const error = document.finding({ code: "X", path: ["a"], message: "a is odd", advice: "Make it even" });
  const info = document.finding({ code: "Y", severity: "info", path: [], message: "m", advice: "n" });
  const thrown = new ConfigError("BRIDGE_CONFIG", "The configuration b.yaml", [info, error]);
  expect(thrown.message).toContain("b.yaml:1:4: error X: a is odd (Make it even)");
  expect(thrown.message).toContain("1 error\n");
  expect(thrown).toMatchObject({ code: "BRIDGE_CONFIG", findings: [info, error] });
});

it("a path is written as one would write it in a program", () => {
  expect(formatPath(["links", "a-b", "include", 1, "x.y"])).toBe('links.a-b.include[1]["x.y"]');
});

it("a file that cannot be read is a finding with the file's name", async () => {
  const { findings } = await readConfigFile("/nowhere/bridge.yaml");
  expect(findings).toMatchObject([{ code: "CONFIG_UNREADABLE", file: "/nowhere/bridge.yaml" }]);
});

it("a secret in clear text is a warning that does not show it, and one from a variable must be set", () => {
  const document = readConfigText("password: s3cret\nother: { env: NO_SUCH }\n", { file: "b.yaml" });
  const warning = secretInFile(document, ["password"], "s3cret");
  expect(warning).toMatchObject({ code: "PASSWORD_IN_FILE", severity: "warning", line: 1 });
  expect(JSON.stringify(warning)).not.toContain("s3cret");
  expect(secretInFile(document, ["other"], { env: "NO_SUCH" })).toBeUndefined();
  expect(secretNotSet(document, ["other"], { env: "NO_SUCH" }, {})).toMatchObject({ code: "CONFIG_VARIABLE", line: 2 });
  expect(secretNotSet(document, ["other"], { env: "SET" }, { SET: "x" })).toBeUndefined();
});
