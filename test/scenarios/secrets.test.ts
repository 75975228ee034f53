/** A connection that holds secrets tells them to nobody: not when it is printed, in an event, in an error, or by a crash. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { ConnectionOptions } from "../../src/connect/connect-options.ts";
import type { Connection } from "../../src/messaging/connection/connection.ts";
import { plant, type Secret } from "../support/secrets/planted.ts";
import { SecretSearch } from "../support/secrets/search.ts";
import { storyConnection, storyGroup } from "../support/stories.ts";
import { forbidUnhandledRejections, rejectionOf } from "../support/toy-connection.ts";

forbidUnhandledRejections();

const username = "pl4nted-user";
const password = plant("password", "pl4nted p@ss/wörd+7");
const wrong = plant("password", "pl4nted-but-wr0ng%");
const token = plant("token", "eyJpl4nted.tok3n.of-a-bearer");
const SECRETS: readonly Secret[] = [password, wrong, token].map((value) => ({ kind: "password", value }));
const search = new SecretSearch(SECRETS);
const told = (text: string) => search.in(Buffer.from(text), "what was told");

/** All that may be made of a value by printing it. */
function printed(value: unknown): string {
  const everything = { depth: Infinity, showHidden: true, getters: false, maxArrayLength: null, maxStringLength: null };
  const texts = [inspect(value, everything), inspect(value, { ...everything, customInspect: false })];
  texts.push(inspect(value), String(value));
  for (let error = value; error instanceof Error; error = error.cause)
    texts.push(`${error.stack}`, JSON.stringify(error));
  return texts.join("\n");
}

/** Whatever keeps the process alive: sockets and their owners. */
function handles(): readonly unknown[] {
  return (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
}

describe.each(["stomp", "amqp"] as const)("over %s", (protocol) => {
  const withUserInfo = (uri: string) => uri.replaceAll("://", `://${username}:${encodeURIComponent(password)}@`);
  const ways: readonly (readonly [string, (uri: string) => readonly [string, ConnectionOptions]])[] = [
    ["the option", (uri) => [uri, { credentials: { username, password } }]],
    ["a function", (uri) => [uri, { credentials: async () => ({ username, password }) }]],
    ["the URI", (uri) => [withUserInfo(uri), {}]],
  ];

  it.each(ways)("a live connection with a password from %s shows it in no way", async (_, way) => {
    const group = await storyGroup(protocol, { credentials: { username, password } });
    const connection = storyConnection(...way(group.uri(protocol)));
    const events: unknown[] = [];
    for (const name of ["attempt", "waiting", "established", "interrupted", "restored", "closed"] as const)
      connection.on(name, (...payload: unknown[]) => events.push(payload));
    const look = (of: Connection) =>
      [printed(of), printed(of.state), JSON.stringify(of), printed(handles())].join("\n");
    const texts = [look(connection)];
    await connection.connect();
    texts.push(look(connection), printed(connection.stats()));
    await connection.send("queue://q", "held in memory");
    await group.crash();
    await group.takeover();
    await connection.send("queue://q", "after a failover");
    texts.push(look(connection));
    await connection.close();
    texts.push(look(connection), printed(events));
    expect(events.length).toBeGreaterThan(3);
    expect(told(texts.join("\n"))).toEqual([]);
  });

  it("a refused login is told without its password, or the token that was no better", async () => {
    const group = await storyGroup(protocol, { credentials: { username, password } });
    const logins = [{ username, password: wrong }, ...(protocol === "stomp" ? [{ token }] : [])];
    for (const credentials of logins) {
      const error = await rejectionOf(storyConnection(group.uri(protocol), { credentials }).connect());
      expect(error).toMatchObject({ code: "AUTHENTICATION_FAILED" });
      expect(told(printed(error))).toEqual([]);
    }
  });

  it.each(["exception", "rejection"])(
    "a program that dies of an uncaught %s with a connection open tells nothing",
    async (way) => {
      const group = await storyGroup(protocol, { credentials: { username, password } });
      const program = fileURLToPath(new URL("../support/programs/crash-with-secrets.ts", import.meta.url));
      const args = ["--import", "tsx", program, group.uri(protocol), username, password, way];
      const env = { ...process.env, DEBUG: "rhea*", NODE_DEBUG: "net,masterslave-transport" };
      const output = await new Promise<string>((resolve) => {
        execFile(process.execPath, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
          expect(error?.code).not.toBe(0);
          resolve(`${stdout}\n${stderr}`);
        });
      });
      expect(output).toContain("AUTHENTICATION_FAILED");
      expect(output).toMatch(/MASTERSLAVE-TRANSPORT \d+: connection 2 failed: AUTHENTICATION_FAILED/);
      expect(output).toMatch(/MASTERSLAVE-TRANSPORT \d+: connection 1 established: /);
      if (protocol === "amqp") expect(output).toContain("rhea:frames");
      expect(told(output)).toEqual([]);
    },
  );
});
