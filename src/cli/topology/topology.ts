/** `masterslave topology`: check, plan, draw, export, simulate, generate, compare and drill networks of groups. */
import { Command, InvalidArgumentError, Option } from "commander";
import { duration, wholeNumber } from "../option-values.ts";

/** Loaded by the command that runs: others start without the readers of YAML and XML. */
const load = {
  check: () => import("./check.ts"),
  export: () => import("./export.ts"),
  live: () => import("./live.ts"),
  show: () => import("./show.ts"),
};

const FILES = "one description (YAML or JSON), or the activemq.xml and broker.xml files of the brokers";

/** Exit codes: 0 done, 2 wrong usage or description, 4 findings or differences. */
export function topologyCommand(exit: (code: number) => void): Command {
  const verb = (name: string, description: string) =>
    new Command(name).description(description).addOption(output("text", "json"));
  return new Command("topology")
    .description("Check, plan, draw, export, simulate and drill networks of groups")
    .addCommand(checkCommand(exit))
    .addCommand(
      withFiles(verb("plan", "Print the URI of each group, and the connectors of each broker")).action(
        async (files, options) => exit(await (await load.show()).planAction(files, options)),
      ),
    )
    .addCommand(
      withFiles(new Command("render").description("Draw the network"))
        .addOption(new Option("--format <name>", "how").choices(["mermaid", "svg", "dot", "text"]).default("mermaid"))
        .option(
          "--state <file>",
          "JSON of topology simulate, diff or drill with --output json, to show the members' states",
        )
        .option("--title <text>", "the picture's title")
        .action(async (files, options) => exit(await (await load.show()).renderAction(files, options))),
    )
    .addCommand(
      withFiles(verb("export", "Write the configuration of brokers, containers or bridges"))
        .addOption(
          new Option("--target <name>", "for what")
            .choices(["classic", "artemis", "compose", "kubernetes", "bridge"])
            .makeOptionMandatory(),
        )
        .option("--directory <path>", "where to write the files; they are printed otherwise")
        .option("--force", "overwrite files that are there", false)
        .action(async (files, options) => exit(await (await load.export()).exportAction(files, options))),
    )
    .addCommand(
      withFiles(verb("simulate", "Tell who is active, what each host carries and where messages get when hosts fail"))
        .option("--fail <host...>", "hosts whose processes all end", [])
        .option("--cut <host...>", "hosts whose link goes down while their processes live", [])
        .action(async (files, options) => exit(await (await load.show()).simulateAction(files, options))),
    )
    .addCommand(diffCommand(exit))
    .addCommand(drillCommand(exit))
    .addCommand(generateCommand(exit));
}

function diffCommand(exit: (code: number) => void): Command {
  return live(new Command("diff").description("Compare the running network with its description"))
    .addOption(
      new Option("--fail-on <severity>", "exit with 4 for differences of this severity or above")
        .choices(["error", "warning", "info"])
        .default("warning"),
    )
    .action(async (files, options) => exit(await (await load.live()).diffAction(files, options)));
}

function drillCommand(exit: (code: number) => void): Command {
  return live(
    new Command("drill").description("Fail a host for real, and compare what happens with what was predicted"),
  )
    .requiredOption("--fail <host...>", "hosts that fail")
    .option("--kill-cmd <command>", "ends one member: run in a shell for each, with HOST, ADDRESS and MEMBER set")
    .option("--cut <command>", "takes a host's link down instead: run for each host, with HOST and ADDRESS set")
    .option("--heal-cmd <command>", "brings the link back, run likewise; the drill ends with the link down without it")
    .option("--hold <time>", "how long to watch a cut", duration, 10_000)
    .option("--patience <time>", "how long the prediction may take to come true", duration, 60_000)
    .action(async (files, options) => exit(await (await load.live()).drillAction(files, options)));
}

/** The common options of the commands that ask a running network. */
function live(command: Command): Command {
  return withFiles(command)
    .option("--timeout <time>", "how long one member may take to answer, such as 3s", duration, 3_000)
    .option("--username <name>", "the login at every member")
    .option("--password-file <file>", "a file with its password")
    .addOption(output("text", "json"));
}

function checkCommand(exit: (code: number) => void): Command {
  return withFiles(new Command("check").description("Find what is known to go wrong in a network"))
    .addOption(output("text", "json", "sarif"))
    .addOption(
      new Option("--fail-on <severity>", "exit with 4 for findings of this severity or above")
        .choices(["error", "warning", "info"])
        .default("warning"),
    )
    .option("--ignore <code...>", "leave findings of these codes out", [])
    .action(async (files, options) => exit(await (await load.check()).checkAction(files, options)));
}

function generateCommand(exit: (code: number) => void): Command {
  return new Command("generate")
    .description("Print the description of a network of host pairs")
    .option("--pairs <n>", "how many pairs of hosts, each with two groups", wholeNumber, 1)
    .addOption(
      new Option("--shape <name>", "how groups are connected")
        .choices(["ring", "star", "line", "mesh"])
        .default("ring"),
    )
    .addOption(
      new Option("--product <name>", "what the brokers are").choices(["classic", "artemis"]).default("classic"),
    )
    .addOption(output("yaml", "json"))
    .action(async (options) => exit(await (await load.show()).generateAction(options)));
}

function withFiles(command: Command): Command {
  return command
    .argument("<file...>", FILES)
    .option("--set <name=value...>", "the value of a placeholder", assignment, {});
}

function output(...choices: readonly [string, ...string[]]): Option {
  return new Option("-o, --output <form>", "how to print").choices(choices).default(choices[0]);
}

function assignment(text: string, earlier: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Write NAME=VALUE.");
  return { ...earlier, [text.slice(0, at)]: text.slice(at + 1) };
}
