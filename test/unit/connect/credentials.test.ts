/** Credentials by value, file and function: what an attempt logs in with, and how their absence is told. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CredentialsSource, loginFunction } from "../../../src/connect/credentials.ts";
import { AbortError } from "../../../src/errors/errors.ts";
import type { Login } from "../../../src/messaging/port/login.ts";
import type { Endpoint } from "../../../src/uri/endpoint.ts";
import { rejectionOf } from "../../support/toy-connection.ts";

const SECRET = "s3cr3t";
const ENDPOINT: Endpoint = { scheme: "stomp", host: "a", port: 1, options: {} };
const NAMED: Endpoint = { ...ENDPOINT, credentials: { username: "uri", password: "p" } };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "masterslave-credentials-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

const context = { signal: new AbortController().signal };
const ask = (source: CredentialsSource | undefined, endpoint = ENDPOINT) => loginFunction(source)(endpoint, context);

/** What the accessors give. */
function shown(login: Login | undefined): unknown {
  if (login === undefined) return undefined;
  return Object.fromEntries(Object.getOwnPropertyNames(login).map((name) => [name, Reflect.get(login, name)]));
}

describe("credentials", () => {
  it("come from the URI's user-info unless said otherwise", async () => {
    expect(shown(await ask(undefined, NAMED))).toEqual({ username: "uri", password: "p" });
    expect(shown(await ask({ username: "said", password: "q" }, NAMED))).toEqual({ username: "said", password: "q" });
    expect(await ask(undefined)).toBeUndefined();
    expect(await ask(() => undefined, NAMED)).toBeUndefined();
  });

  it("are kept as they were given", async () => {
    const given = { username: "u", password: "p" };
    const login = loginFunction(given);
    given.password = "changed";
    expect(shown(await login(ENDPOINT, context))).toEqual({ username: "u", password: "p" });
  });

  it("may be an object of a class, with getters and hidden properties", async () => {
    class Vault {
      readonly #secret = SECRET;
      readonly region = "eu";
      get username() {
        return "u";
      }
      get password() {
        return this.#secret;
      }
    }
    const hidden = Object.defineProperty({ username: "u" }, "password", { value: SECRET }) as Vault;
    for (const source of [new Vault(), hidden, () => new Vault()]) {
      expect(shown(await ask(source))).toEqual({ username: "u", password: SECRET });
    }
  });

  it("are not given where they are undefined", async () => {
    const password = { username: "u", password: SECRET, passwordFile: undefined, token: undefined };
    const token = { token: SECRET, password: undefined, external: undefined };
    expect(shown(await ask(password as CredentialsSource))).toEqual({ username: "u", password: SECRET });
    expect(shown(await ask(token as CredentialsSource))).toEqual({ username: undefined, token: SECRET });
    expect(shown(await ask((() => token) as CredentialsSource))).toEqual({ username: undefined, token: SECRET });
  });

  it.each<[string, object, RegExp]>([
    [
      "a password that is undefined",
      { username: "u", password: undefined },
      /^credentials lack password: .*environment/,
    ],
    ["a token that is undefined", { token: undefined }, /^credentials lack token: it is undefined/],
    ["a username that is undefined", { username: undefined, password: SECRET }, /^credentials lack username/],
    ["a mistyped name", { username: "u", passwordfile: SECRET }, /have no passwordfile; did you mean passwordFile\?/],
    ["a mistyped name beside a secret", { username: "u", password: SECRET, usernam: "u" }, /did you mean username\?/],
    ["a name like none", { [`${SECRET}-in-the-wrong-place`]: "u" }, /a name that is not known here/],
  ])("with %s are refused at once in words that show no value", (_, source, text) => {
    let thrown: unknown;
    try {
      loginFunction(source as CredentialsSource);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringMatching(text) });
    expect(inspect(thrown, { showHidden: true, depth: 9 })).not.toContain(SECRET);
  });

  it("are read from their file on every attempt, one line break at the end aside", async () => {
    const path = await file("password", "one\r\n");
    const login = loginFunction({ username: "u", passwordFile: path });
    expect(shown(await login(ENDPOINT, context))).toEqual({ username: "u", password: "one" });
    await writeFile(path, " two words \n\n");
    expect(shown(await login(ENDPOINT, context))).toEqual({ username: "u", password: " two words \n" });
    const token = { tokenFile: pathToFileURL(await file("token", "t0ken")) };
    expect(shown(await ask(token))).toEqual({ username: undefined, token: "t0ken" });
  });

  it("are asked for on every attempt where they are a function, which may answer with a file", async () => {
    let asked = 0;
    const path = await file("function", "from the file");
    const login = loginFunction(async ({ host }, { signal }) => {
      expect([host, signal]).toEqual(["a", context.signal]);
      asked += 1;
      return asked === 1 ? { username: "u", passwordFile: path } : { external: true };
    });
    expect(shown(await login(ENDPOINT, context))).toEqual({ username: "u", password: "from the file" });
    expect(shown(await login(ENDPOINT, context))).toEqual({ username: undefined, external: true });
  });

  it.each<[string, () => CredentialsSource | Promise<CredentialsSource>, RegExp]>([
    ["a function that throws", () => () => Promise.reject(new Error("the vault is sealed")), /their function failed$/],
    [
      "a function that returns nonsense",
      () => () => ({ username: "u" }) as never,
      /credentials are \{ username, password \}/,
    ],
    ["a function that returns null", () => () => null as never, /credentials are \{ username/],
    ["a function that returns the password alone", () => () => SECRET as never, /credentials are \{ username/],
    [
      "a file that is not there",
      () => ({ username: "u", passwordFile: join(folder, "none") }),
      /the file named by passwordFile does not exist: ENOENT \(the path is not shown/,
    ],
    ["a file that is a folder", () => ({ tokenFile: folder }), /tokenFile .* cannot be read: it is no regular file$/],
    ["an empty file", async () => ({ tokenFile: await file("empty", "\n") }), /tokenFile .*empty is empty$/],
  ])("of %s are a failed attempt that says so, and the next endpoint is tried", async (_, make, text) => {
    const error = await rejectionOf(ask(await make()));
    expect(error).toMatchObject({ code: "CREDENTIALS_UNAVAILABLE", verdict: "next", endpoint: { host: "a" } });
    expect(error.message).toMatch(/^The credentials for stomp:\/\/a:1 cannot be had: /);
    expect(error.message).toMatch(text);
    expect(error.cause).toBeInstanceOf(Error);
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(SECRET);
  });

  it.each(["passwordFile", "tokenFile"])("of a %s that is the secret itself show nothing of it", async (option) => {
    for (const path of [SECRET, `/run/${SECRET}`, SECRET.repeat(1000), `${join(folder, "password")}/${SECRET}`]) {
      await file("password", "p");
      const error = await rejectionOf(ask({ username: "u", [option]: path } as never));
      expect(error).toMatchObject({ code: "CREDENTIALS_UNAVAILABLE", cause: { code: expect.stringMatching(/^E/) } });
      expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(SECRET);
    }
    for (const text of [`${SECRET}\n`, `-----BEGIN ${SECRET}`, `${SECRET}\0`]) {
      const refused = () => loginFunction({ username: "u", [option]: text } as never);
      expect(refused).toThrow(/is the text itself, where the path of a file belongs; use (password|token) for that/);
      expect(refused).not.toThrow(SECRET);
    }
  });

  it("that come too late are the attempt's end, not theirs", async () => {
    const controller = new AbortController();
    const reason = new AbortError("too late", undefined);
    const login = loginFunction(async () => {
      controller.abort(reason);
      throw new Error("aborted");
    });
    expect(await rejectionOf(login(ENDPOINT, controller))).toBe(reason);
  });

  it("are out of sight of every enumeration and inspection", async () => {
    for (const source of [{ username: "u", password: SECRET }, { token: SECRET }]) {
      const login = await ask(source);
      const texts = [inspect(login, { showHidden: true }), JSON.stringify(login), JSON.stringify({ ...login })];
      for (const text of texts) expect(text).not.toContain(SECRET);
      expect(Object.keys(login ?? {})).toEqual([]);
    }
  });
});
