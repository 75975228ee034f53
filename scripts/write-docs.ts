/** `npm run docs` writes what is printed from the code into docs/; with --check it fails where a file differs instead. */
import { readFileSync, writeFileSync } from "node:fs";
import { ERROR_CODES } from "../src/errors/error-codes.ts";
import { withFailureTables } from "./render-failure-table.ts";
import { renderGroupOptions } from "./render-group-options.ts";
import { withInteropTables } from "./render-interop-table.ts";
import { renderOptionTable } from "./render-option-table.ts";
import { renderRefusals } from "./render-refusals.ts";
import { renderFigure, renderPublishedShapes, renderTopologyFindings } from "./render-topology-docs.ts";
import { withTransitionTable } from "./render-transition-table.ts";
import { renderWarningTable } from "./render-warning-table.ts";

const GENERATED: Readonly<Record<string, (text: string) => string>> = {
  "src/uri/options/group-options.ts": () => renderGroupOptions(),
  "docs/options.md": () => renderOptionTable(),
  "docs/errors.md": () => renderErrors(),
  "docs/topology-findings.md": () => renderTopologyFindings(),
  "docs/published-configurations.md": () => renderPublishedShapes(),
  "docs/figure-4.1.svg": () => renderFigure("4.1"),
  "docs/figure-4.1-h1-down.svg": () => renderFigure("4.1", "h1"),
  "docs/figure-4.2.svg": () => renderFigure("4.2"),
  "docs/figure-4.2-h3-down.svg": () => renderFigure("4.2", "h3"),
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
in \`attempts\` what each endpoint answered; \`SendError\` and its kin carry the message's \`id\` and whether it is \`inDoubt\`.

## Why connect() waits

By default \`connect()\` goes on for as long as every attempt fails with the verdict \`next\`, be it for a bad certificate or a
wrong port. \`initialConnect: "fail-fast"\` makes it reject after one round, \`connectTimeoutMs\` after a time; both errors list
\`attempts\`. Or listen to the event \`attempt\`, told for every attempt before and after the first session:

\`\`\`js
const connection = createConnection(uri, options);
connection.on("attempt", ({ endpoint, outcome }) => {
  if (outcome !== "session") log.info(\`\${endpoint.host}:\${endpoint.port}\`, outcome.code, outcome.message);
});
await connection.connect();
\`\`\`

\`endpoint\` is what was dialled: \`scheme\`, \`host\`, \`port\`. \`outcome\` is \`"session"\`, or the \`AttemptError\` with which
the attempt failed or was given up; its \`verdict\` is \`next\` or \`stop\`.

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
