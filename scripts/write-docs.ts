/** `npm run docs` writes what is printed from the code into docs/; with --check it fails where a file differs instead. */
import { readFileSync, writeFileSync } from "node:fs";
import { ERROR_CODES } from "../src/errors/error-codes.ts";
import { withFailureTables } from "./render-failure-table.ts";
import { renderGroupOptions } from "./render-group-options.ts";
import { withInteropTables } from "./render-interop-table.ts";
import { MOMENTS, pictureFile, renderMoment, withNetworkRuns } from "./render-network-runs.ts";
import { renderOptionTable } from "./render-option-table.ts";
import { renderRefusals } from "./render-refusals.ts";
import { renderPublishedShapes, renderTopologyFindings } from "./render-topology-docs.ts";
import { withTransitionTable } from "./render-transition-table.ts";
import { renderWarningTable } from "./render-warning-table.ts";

const GENERATED: Readonly<Record<string, (text: string) => string>> = {
  "src/uri/options/group-options.ts": () => renderGroupOptions(),
  "docs/options.md": () => renderOptionTable(),
  "docs/errors.md": () => renderErrors(),
  "docs/topology-findings.md": () => renderTopologyFindings(),
  "docs/published-configurations.md": () => renderPublishedShapes(),
  "docs/topology.md": withNetworkRuns,
  ...Object.fromEntries(
    (["4.1", "4.2"] as const).flatMap((figure) =>
      MOMENTS.map((moment) => [`docs/${pictureFile(figure, moment)}`, () => renderMoment(figure, moment)]),
    ),
  ),
  "docs/refusals.md": () => renderRefusals(),
  "docs/architecture.md": withTransitionTable,
  "docs/failure-modes.md": withFailureTables,
  "docs/interop.md": withInteropTables,
};

const check = process.argv.includes("--check");
for (const [path, render] of Object.entries(GENERATED)) {
  const file = new URL(`../${path}`, import.meta.url);
  const found = readOrEmpty(file);
  const wanted = render(found);
  if (found === wanted) continue;
  if (check) {
    console.error(`${path} differs from the code: run npm run docs and commit it`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, wanted);
    console.log(`wrote ${path}`);
  }
}

function renderErrors(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  return `# Errors

<!-- Printed from src/errors/error-codes.ts and src/messaging/port/adapter-settings.ts by npm run docs; change it there. -->

Every error is a \`MasterSlaveError\` with a stable \`code\`, \`retryable\` (the same call may succeed later, as it is), the
\`endpoint\` it happened at, where there is one, and its \`cause\`. \`NoActiveEndpointError\` and \`ConnectTimeoutError\` list
in \`attempts\` what each endpoint answered; \`SendError\` and its subclasses carry the message's \`id\` and whether it is \`inDoubt\`.

## Why connect() waits

By default \`connect()\` keeps trying while every attempt fails with the verdict \`next\`, even for a bad certificate or a wrong
port. \`initialConnect: "fail-fast"\` makes it reject after one round, \`connectTimeoutMs\` after that time; both errors list
\`attempts\`. While it waits, and while a failover does, the event \`waiting\` tells what each endpoint answered last: after 1, 2, 4,
8, 16 and 32 s, then every 30 s.

<!-- given
import { createConnection } from "masterslave-transport";
declare const uri: string, options: import("masterslave-transport").ConnectOptions;
declare const log: { warn(...texts: string[]): void };
-->
\`\`\`js
const connection = createConnection(uri, options);
connection.on("waiting", ({ since, endpoints }) => {
  for (const { code, message, attempts } of endpoints)
    log.warn(\`no broker since \${since.toISOString()}: \${code} after \${attempts} attempts\`, message);
});
await connection.connect();
\`\`\`

| of \`waiting\` | what |
| --- | --- |
| \`at\`, \`since\`, \`waitedMs\` | when it was told, since when there is no session, and how long that is |
| \`rounds\` | how many passes over the endpoints have failed |
| \`endpoints\` | for each endpoint, in the order of the list: \`endpoint\`; \`code\` and \`message\` of its last answer, or how far the attempt has come that it has not answered; \`since\` when it answers so; \`attempts\`; and \`pending\`, whether one is under way |

\`NODE_DEBUG=masterslave-transport node program.js\` prints the same without any code, to stderr, with the whole life of each
connection: every attempt, established, interrupted, restored, waiting, warning, handlerFailed, failed and closed. No secret is in it.

The event \`attempt\` tells of every attempt, before and after the first session: \`endpoint\` is what was dialled, \`outcome\` is
\`"session"\` or the \`AttemptError\` with which the attempt failed or was given up; its \`verdict\` is \`next\` or \`stop\`.

## Listening

Every event of a connection has \`at\`, a \`Date\`, except \`failed\` and \`closed\`, which carry the error alone. There is no event
\`error\`: a listener of it is taken, for \`events.once()\` of Node adds one by itself, and answered by a process warning that names
\`failed\`, \`closed\` and \`warning\`. Any other name is refused with \`INVALID_ARGUMENT\`, which lists the names there are.

## Codes

| code | meaning |
| --- | --- |
${rows.join("\n")}

## Warnings

The event \`warning\` tells of what a user should know though nothing has failed: \`code\`, \`message\` (what was seen, what follows
and what to do) and the \`endpoint\` it was seen at.

${renderWarningTable()}
`;
}

function readOrEmpty(file: URL): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
