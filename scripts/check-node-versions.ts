/**
 * Installs the tarball into an empty program and uses it on versions of Node newer than the one that runs the tests:
 * one send and one receive over each protocol, and one command of the command line. Exits with 1 if a version fails.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const VERSIONS = ["22.23.3", "24.21.0", "26.10.0"];
const LIMIT_MS = 120_000;
const ROOT = join(import.meta.dirname, "..");

const PROGRAM = `
import { connect } from "masterslave-transport";
import { embeddedGroup } from "masterslave-transport/testing";

const group = await embeddedGroup({ inProcess: true });
for (const protocol of ["stomp", "amqp"]) {
  const connection = await connect(group.uri(protocol), { credentials: group.credentials });
  await connection.send("queue://smoke", { protocol });
  const delivery = await connection.consume("queue://smoke").receive({ timeoutMs: 10_000 });
  if (delivery?.message.json().protocol !== protocol) throw new Error(\`\${protocol}: another message came\`);
  await delivery.accept();
  await connection.close();
}
await group.close();
console.log("sent and received over both protocols");
`;

function run(folder: string, version: string, ...argv: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync("npx", ["--yes", "-p", `node@${version}`, "node", ...argv], {
    cwd: folder,
    encoding: "utf8",
    timeout: LIMIT_MS,
  });
  if (status !== 0) throw new Error(`Node ${version}: node ${argv.join(" ")} ended with ${status}\n${stdout}${stderr}`);
  console.log(`Node ${version}: ${stdout.trim().split("\n").at(-1)}`);
}

const folder = mkdtempSync(join(tmpdir(), "node-versions-"));
try {
  const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: ROOT,
    encoding: "utf8",
  });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  writeFileSync(join(folder, "smoke.js"), PROGRAM);
  execFileSync("npm", ["install", "--no-fund", "--no-audit", "--silent", join(folder, packed.trim())], { cwd: folder });
  for (const version of VERSIONS) {
    run(folder, version, "--version");
    run(folder, version, "smoke.js");
    run(folder, version, "node_modules/masterslave-transport/dist/cli/masterslave.js", "--help");
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
