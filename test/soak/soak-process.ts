/** The soak itself, as `soak.ts` starts it: it ends early, with its figures, when it is told to, or when that program is gone. */
import { planFaults } from "./fault-plan.ts";
import { runSoak } from "./run-soak.ts";
import { readSoakCommand } from "./soak-options.ts";
import { printSoak, soakFaults } from "./soak-report.ts";

const command = readSoakCommand();
const cut = new AbortController();
process.on("message", () => cut.abort());
process.on("disconnect", () => cut.abort());

const reports = await runSoak({
  products: command.product ? [command.product] : ["classic", "artemis"],
  protocols: command.protocol ? [command.protocol] : ["stomp", "amqp"],
  minutes: command.minutes,
  legSeconds: command.legSeconds,
  heartbeatMs: command.heartbeat,
  restMs: command.rest,
  strained: command.strained,
  faults: command.play ?? { [Symbol.iterator]: () => planFaults(command.seed, command.faults) },
  cut: cut.signal,
});
printSoak(reports, { seed: command.play ? undefined : command.seed });
const faults = soakFaults(reports);
for (const fault of faults) console.log(`FAULT ${fault}`);
console.log(faults.length > 0 ? `\n${faults.length} promises broken` : "\nEvery promise held");
process.exitCode = faults.length > 0 ? 1 : 0;
if (process.connected) process.disconnect();
