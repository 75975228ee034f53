/** `masterslave topology`: check, plan, draw, export, simulate and generate networks of groups. */
import { Command, InvalidArgumentError, Option } from "commander";

/** Loaded by the verb that runs: other commands start without the readers of YAML and XML. */
const load = {
  check: () => import("./check.ts"),
  export: () => import("./export.ts"),
  show: () => import("./show.ts"),
};

const FILES = "one description (YAML or JSON), or the activemq.xml and broker.xml files of the brokers";

/** Exit codes: 0 done, 2 bad usage or description, 4 findings at or above --fail-on. */
export function topologyCommand(exit: (code: number) => void): Command {
  const verb = (name: string, description: string) =>
    new Command(name).description(description).addOption(output("text", "json"));
  return new Command("topology")
    .description("Check, plan, draw, export and simulate networks of groups")
    .addCommand(checkCommand(exit))
    .addCommand(
      withFiles(verb("plan", "Print the URI of each group, and the connectors of each broker")).action(
        async (files, options) => exit(await (await load.show()).planAction(files, options)),
      ),
    )
    .addCommand(
      withFiles(new Command("render").description("Draw the network"))
        .addOption(new Option("--format <name>", "how").choices(["mermaid", "svg", "dot", "text"]).default("mermaid"))
        .option("--state <file>", "JSON that topology simulate --output json printed, to show the members' states")
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
        .requiredOption("--fail <host...>", "hosts that fail")
        .action(async (files, options) => exit(await (await load.show()).simulateAction(files, options))),
    )
    .addCommand(generateCommand(exit));
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

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("Give a whole number from 1 on.");
  return value;
}
