/** Prints the tables of docs/interop.md from what the interoperation tests assert, cell by cell. */
import { ASPECTS } from "../test/brokers/interop/aspects.ts";
import { DIRECTIONS, EXCEPTIONS, exceptionFor } from "../test/brokers/interop/exceptions.ts";
import { CLIENT_TITLES, OTHER_CLIENTS, type OtherClient } from "../test/brokers/interop/other-clients.ts";

const BEGIN_MARK = "<!-- interop:begin -->";
const END_MARK = "<!-- interop:end -->";
const PRODUCTS = { classic: "Classic", artemis: "Artemis" } as const;
const PROTOCOLS = { stomp: "STOMP", amqp: "AMQP" } as const;

/** @throws Error if the document lacks its marks. */
export function withInteropTables(document: string): string {
  const begin = document.indexOf(BEGIN_MARK);
  const end = document.indexOf(END_MARK);
  if (begin < 0 || end < begin) throw new Error(`docs/interop.md has no ${BEGIN_MARK} … ${END_MARK}`);
  const tables = [...OTHER_CLIENTS.map(renderClient), renderExceptions()].join("\n\n");
  return `${document.slice(0, begin + BEGIN_MARK.length)}\n\n${tables}\n\n${document.slice(end)}`;
}

const COLUMNS = (["classic", "artemis"] as const).flatMap((product) =>
  (["stomp", "amqp"] as const).flatMap((protocol) => DIRECTIONS.map((direction) => ({ product, protocol, direction }))),
);

function renderClient(client: OtherClient): string {
  const titles = COLUMNS.map(
    ({ product, protocol, direction }) => `${PRODUCTS[product]} ${PROTOCOLS[protocol]}, ${direction}`,
  );
  const rows = ASPECTS.map(({ name }) => {
    const cells = COLUMNS.map((column) => {
      const exception = exceptionFor({ ...column, client, aspect: name });
      return exception === undefined ? "yes" : `[${EXCEPTIONS.indexOf(exception) + 1}]`;
    });
    return `| ${[name, ...cells].join(" | ")} |`;
  });
  return `### ${CLIENT_TITLES[client]}

| | ${titles.join(" | ")} |
|---|${COLUMNS.map(() => "---").join("|")}|
${rows.join("\n")}`;
}

function renderExceptions(): string {
  const rows = EXCEPTIONS.map(({ outcome, why }, index) => `| ${index + 1} | ${describe(outcome)} | ${why} |`);
  return `### The exceptions

| | what comes instead | why |
|---|---|---|
${rows.join("\n")}`;
}

/** What an aspect reports, in words for readers. */
function describe(outcome: string): string {
  if (outcome.includes("null")) return "nothing";
  return /^["[]/.test(outcome) ? `\`${outcome}\`` : outcome;
}
