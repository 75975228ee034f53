/** `npm run demo`: runs the command line's demo where it can find this repository's real brokers. */
import { main } from "../dist/cli/main.js";
import { asCrashable } from "../test/brokers/kill/kill-run.ts";
import { startGroup } from "../test/brokers/real-group.ts";

process.exitCode = await main(["demo", ...process.argv.slice(2)], {
  startBrokers: async (product, protocol) => {
    const group = await startGroup(product);
    const title = `a pair of real brokers: ${product} ${group.version}`;
    return { ...asCrashable(group, protocol), title, close: () => group.close() };
  },
});
