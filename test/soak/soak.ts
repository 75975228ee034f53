/**
 * `npm run soak -- --minutes N`: random faults on real pairs under every load, and the figures; exits 0 only when every
 * promise held. The work is done in a process group of its own, so that Ctrl-C reaches this program and not the brokers.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { readSoakCommand } from "./soak-options.ts";

// Read here too, so that --help and a mistake need no second process.
readSoakCommand();
const program = fileURLToPath(new URL("./soak-process.ts", import.meta.url));
const child = fork(program, process.argv.slice(2), { detached: true, execArgv: ["--import", "tsx"] });
let asked = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (asked) child.kill("SIGTERM");
    else if (child.connected) child.send("cut");
    asked = true;
    console.error("[soak] ending: everything settles first; once more to end at once");
  });
}
const [code] = await once(child, "exit");
process.exitCode = code ?? 1;
