/** Prints docs/refusals.md from the failure tables of both adapters, so that they cannot differ. */
import { FAILURES } from "../src/adapters/amqp/opening/failure-table.ts";
import { HANDSHAKE_FAILURES } from "../src/adapters/stomp/opening/failures.ts";

const INTRO = `# What an attempt can end with

<!-- Printed from src/adapters/*/ by npm run docs; change it there. -->

An attempt that fails has a verdict. \`next\`: the next endpoint is tried, and this one again in the next round. \`stop\`:
before the first session the search ends, because no endpoint will answer differently; later the rounds go on, the login is
tried again after 1, 2, 4, 8, 16 and 30 s, and refusals for \`authRetryMs\` end the connection. The verdict is in
\`error.verdict\`, and [errors.md](errors.md) has the codes. Failures before the protocol begins, such as those of TLS, are always
\`next\`; [security.md](security.md) lists them. If a peer says nothing at all, the attempt ends after \`attemptTimeout\` with
\`ATTEMPT_TIMEOUT\`, \`next\`, and says what it waited for.

Each row has a test: \`test/unit/adapters/amqp/opening/failures-refusals.test.ts\` and \`test/unit/adapters/stomp/open-session.test.ts\`.
`;

/** Returns the whole file. */
export function renderRefusals(): string {
  const amqp = FAILURES.map(({ cause, code, verdict, hint }) => [cause, `\`${code}\``, verdict, hint]);
  const stomp = Object.values(HANDSHAKE_FAILURES).map(({ cause, code, verdict }) => [cause, `\`${code}\``, verdict]);
  return [
    INTRO,
    "## AMQP 1.0\n",
    table(["what the peer did", "code", "verdict", "what it means"], amqp),
    "## STOMP\n",
    table(["what the peer did", "code", "verdict"], stomp),
  ].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}
