/** A CommonJS project in TypeScript imports the package with the settings that the README names, and with no other. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { compileStrictly, ROOT } from "./compile-strictly.ts";

const PROGRAM = `
import { connect, MasterSlaveError } from "masterslave-transport";
import stomp = require("masterslave-transport/stomp");
import amqp = require("masterslave-transport/amqp");
import { embeddedGroup } from "masterslave-transport/testing";
export const opened = [connect("stomp://a:61613"), stomp.connect("stomp://a:61613"), amqp.connect("amqp://a:5672")];
export const code = (error: unknown) => (error instanceof MasterSlaveError ? error.code : undefined);
export const group = embeddedGroup({ protocols: ["amqp"] });
`;

function complaintsWith(module: ts.ModuleKind): readonly string[] {
  // verbatimModuleSyntax is off, as it is where import is written and require comes out.
  const texts = new Map([[join(ROOT, "test", "package", "common-js.cts"), PROGRAM]]);
  return compileStrictly(texts, { module }).map(({ text }) => text);
}

it.each(["nodenext", "node20"])("a CommonJS program compiles strictly with module: %s", (name) => {
  const module = { nodenext: ts.ModuleKind.NodeNext, node20: ts.ModuleKind.Node20 }[name];
  expect(complaintsWith(module as ts.ModuleKind)).toEqual([]);
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  expect(readme).toMatch(new RegExp(`CommonJS in TypeScript.*${name}`));
});

it("a CommonJS program does not compile with module: node16, which knows no require() of ES modules", () => {
  expect(complaintsWith(ts.ModuleKind.Node16).join("\n")).toMatch(/CommonJS module|ECMAScript module/);
});
