/** The program that bridge-process.ts starts. */
import { createBridge } from "../../../src/bridge/index.ts";

const bridge = createBridge(JSON.parse(process.argv[2] ?? "{}"));
bridge.on("link", ({ name, state, reason }) => {
  if (state === "failed") console.error(`[bridge] ${name} ${state}: ${reason}`);
});
await bridge.start();
console.log("started");
