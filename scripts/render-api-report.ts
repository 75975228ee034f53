/** Turns a report of API Extractor into text that changes only when the API changes, not when its source moves. */
import ts from "typescript";

const CODE = /```ts\n([\s\S]*)```/;
const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });

/**
 * Returns the declarations of a report, sorted by name, without comments. Members of unions and of type literals are
 * sorted too: tsc prints the members of an inferred type in the order in which it loaded the files.
 */
export function renderApiReport(entry: string, report: string): string {
  const [, code] = CODE.exec(report) ?? [];
  if (code === undefined) throw new Error(`The API report of ${entry} has no declarations`);
  const source = ts.createSourceFile("report.ts", code, ts.ScriptTarget.ES2022, true);
  const { transformed } = ts.transform(source, [sortMembers]);
  const statements = transformed.flatMap((file) => file.statements.map((statement) => print(statement, file)));
  return `# API of \`${entry}\`

<!-- Printed from dist/ by npm run api. Declarations without \`export\` are not exported, but others refer to them. -->

\`\`\`ts
${statements.map(separate).join("\n")}
\`\`\`
`;
}

function print(node: ts.Node, file: ts.SourceFile): string {
  return printer.printNode(ts.EmitHint.Unspecified, node, file);
}

/** Adds an empty line before each declaration; imports stay together. */
function separate(statement: string): string {
  return statement.startsWith("import ") ? statement : `\n${statement}`;
}

function sortMembers(context: ts.TransformationContext): ts.Transformer<ts.SourceFile> {
  return (file) => {
    const sorted = <T extends ts.Node>(nodes: readonly T[]) =>
      nodes
        .map((node) => ({ node, text: print(node, file) }))
        .sort((a, b) => compare(a.text, b.text))
        .map(({ node }) => node);
    const visit = (node: ts.Node): ts.Node => {
      const inner = ts.visitEachChild(node, visit, context);
      if (ts.isUnionTypeNode(inner)) return context.factory.createUnionTypeNode(sorted(inner.types));
      if (ts.isTypeLiteralNode(inner) && inner.members.every(ts.isPropertySignature))
        return context.factory.createTypeLiteralNode(sorted(inner.members));
      return inner;
    };
    return ts.visitEachChild(file, visit, context);
  };
}

/** Compares texts so that the order does not depend on the machine's language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
