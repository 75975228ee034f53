/** `masterslave bridge run|check|test|status|trace`: forwards messages between groups, as a file says. */
import { Command, Option } from "commander";
import { duration } from "../option-values.ts";
import type { BridgeVerbOptions, Output } from "./output.ts";

/** The commands load what they need when they run: other programs start without the bridge. */
export function bridgeCommand(exit: (code: number) => void): Command {
  const bridge = new Command("bridge").description(
    "Forward messages between groups, each side following its failovers",
  );
  bridge
    .addCommand(runCommand(exit))
    .addCommand(checkCommand(exit))
    .addCommand(testCommand(exit))
    .addCommand(statusCommand(exit))
    .addCommand(traceCommand(exit));
  return bridge;
}

const output = (choices: readonly Output[]) =>
  new Option("--output <form>", "what to print").choices([...choices]).default("text");

function runCommand(exit: (code: number) => void): Command {
  return new Command("run")
    .description("Run every link of the file, until they are over or a signal comes")
    .argument("<file>", "the configuration, YAML or JSON")
    .option("--dry-run", "print what would run, and connect to nothing", false)
    .option("--status-file <path>", "write the status of the links there every second, for `bridge status`")
    .addOption(output(["text", "ndjson"]))
    .action(async (file: string, options: { dryRun: boolean; statusFile?: string; output: Output }) => {
      const { runBridge } = await import("./run.ts");
      exit(await runBridge(file, options));
    });
}

function checkCommand(exit: (code: number) => void): Command {
  return new Command("check")
    .description("Check the file; with --connect ask both groups of each link too")
    .argument("<file>", "the configuration, YAML or JSON")
    .option("--connect", "connect to the groups, and tell what each link loses", false)
    .option("--timeout <time>", "how long a group may take to answer, such as 3s", duration, 10_000)
    .addOption(output(["text", "json"]))
    .action(async (file: string, options: { connect: boolean; timeout: number; output: Output }) => {
      const { checkBridge } = await import("./check.ts");
      exit(await checkBridge(file, options));
    });
}

function testCommand(exit: (code: number) => void): Command {
  return new Command("test")
    .description("Run the cases of a file against the configuration, on an embedded pair")
    .argument("<file>", "the configuration, YAML or JSON")
    .argument("[cases]", "the cases; the configuration's name with .test before its ending unless said")
    .addOption(output(["text", "json"]))
    .action(async (file: string, cases: string | undefined, options: BridgeVerbOptions) => {
      const { testBridge } = await import("./test.ts");
      exit(await testBridge(file, cases, options));
    });
}

function statusCommand(exit: (code: number) => void): Command {
  return new Command("status")
    .description("Print the status that a running bridge writes with --status-file")
    .argument("<path>", "the status file")
    .addOption(output(["text", "json"]))
    .action(async (path: string, options: BridgeVerbOptions) => {
      const { printStatus } = await import("./status.ts");
      exit(await printStatus(path, options));
    });
}

function traceCommand(exit: (code: number) => void): Command {
  return new Command("trace")
    .description("Ask a running bridge where a message is: on its way, held, forwarded, a dead letter, in a queue")
    .argument("<id>", "the id that its sender gave it, that a broker shows, or that it has at the target")
    .requiredOption("--status-file <path>", "the status file of the bridge; its socket is beside it")
    .option("--timeout <time>", "how long queues are looked into, such as 3s", duration, 10_000)
    .addOption(output(["text", "json"]))
    .action(async (id: string, options: { statusFile: string; timeout: number; output: Output }) => {
      const { traceOne } = await import("./trace.ts");
      exit(await traceOne(id, options));
    });
}
