/** Which endpoints that a broker names are tried, and what is said of the others. */
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { AlternatesFilter, type AlternatesPolicy } from "../../../src/connect/alternates.ts";
import { composeConnection } from "../../../src/connect/create-connection.ts";
import type { ConnectionWarning } from "../../../src/messaging/port/adapter-settings.ts";
import type { Endpoint } from "../../../src/uri/endpoint.ts";
import { forbidUnhandledRejections } from "../../support/toy-connection.ts";
import { ToyBroker } from "../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const at = (host: string, port = 5672): Endpoint => ({ scheme: "amqp", host, port, options: {} });

function filtered(policy: AlternatesPolicy, named: readonly Endpoint[], listed = [at("a.example"), at("::1")]) {
  const warnings: ConnectionWarning[] = [];
  const filter = new AlternatesFilter(policy, listed, (warning) => warnings.push(warning));
  return { hosts: filter.accepted(named).map(({ host, port }) => `${host}:${port}`), warnings, filter };
}

describe("alternates: listed", () => {
  it("takes other ports of the hosts in the URI, in any spelling of the host", () => {
    const { hosts, warnings } = filtered("listed", [at("a.example", 1), at("A.Example.", 2), at("0:0:0:0:0:0:0:1", 3)]);
    expect(hosts).toEqual(["a.example:1", "A.Example.:2", "0:0:0:0:0:0:0:1:3"]);
    expect(warnings).toEqual([]);
  });

  it("refuses every other host, siblings of one domain and sub-domains too, and says which line takes it", () => {
    const { hosts, warnings } = filtered("listed", [at("b.example"), at("x.a.example"), at("a.example.evil.test")]);
    expect(hosts).toEqual([]);
    expect(warnings.map(({ code }) => code)).toEqual(Array(3).fill("ALTERNATE_REFUSED"));
    expect(warnings[0]).toMatchObject({
      endpoint: { scheme: "amqp", host: "b.example", port: 5672 },
      message: expect.stringContaining('write alternates: ({ host }) => host === "b.example"'),
    });
  });

  it("warns once of each endpoint, and of 32 at the most", () => {
    const { filter, warnings } = filtered("listed", [at("b.example"), at("b.example")]);
    expect(warnings).toHaveLength(1);
    for (let port = 1; port < 1000; port += 1) filter.accepted([at("c.example", port)]);
    expect(warnings).toHaveLength(32);
  });
});

describe("alternates: any", () => {
  it("takes every endpoint", () => {
    expect(filtered("any", [at("b.example"), at("c.example")])).toMatchObject({
      hosts: ["b.example:5672", "c.example:5672"],
      warnings: [],
    });
  });
});

describe("alternates: a function", () => {
  it("takes what it answers true to, and is shown the address alone", () => {
    const seen: unknown[] = [];
    const secret = Object.defineProperty(at("b.example"), "credentials", { value: "s3cr3t", enumerable: false });
    const { hosts, warnings } = filtered(
      (endpoint) => {
        seen.push(endpoint);
        return endpoint.host === "b.example";
      },
      [secret, at("c.example")],
    );
    expect(hosts).toEqual(["b.example:5672"]);
    expect(warnings[0]?.message).toContain("the function alternates returned false");
    expect(inspect(seen, { showHidden: true })).not.toContain("s3cr3t");
    expect(seen[0]).toEqual({ scheme: "amqp", host: "b.example", port: 5672 });
  });

  it.each<[string, () => unknown, RegExp]>([
    ["a promise of true", () => Promise.resolve(true), /returned object, and it must return true or false at once/],
    ["a promise that rejects", () => Promise.reject(new Error("no")), /must return true or false at once/],
    ["a text", () => "yes", /returned string/],
    ["nothing", () => undefined, /returned undefined/],
  ])("refuses on %s", (_, answer, message) => {
    const { hosts, warnings } = filtered(answer as () => boolean, [at("b.example")]);
    expect(hosts).toEqual([]);
    expect(warnings[0]?.message).toMatch(message);
  });

  it("refuses when it throws, and says what it threw", () => {
    const { hosts, warnings } = filtered(() => {
      throw new Error("not today");
    }, [at("b.example")]);
    expect(hosts).toEqual([]);
    expect(warnings[0]?.message).toContain("threw: not today");
  });
});

describe("a connection told of alternates", () => {
  it("tells of each one that it adds by an event, once, and of each one that it refuses by a warning", async () => {
    const broker = new ToyBroker();
    let tell = (_: readonly Endpoint[]) => {};
    const connection = composeConnection("amqp://a.example:1", {}, async () => (settings) => {
      tell = settings.onAlternates ?? tell;
      return broker.open;
    });
    const told: unknown[] = [];
    connection.on("alternate", ({ endpoint }) => told.push(endpoint));
    connection.on("warning", ({ code, endpoint }) => told.push([code, endpoint?.host]));
    await connection.connect();
    tell([at("a.example", 1), at("a.example", 2), at("b.example")]);
    tell([at("a.example", 2), at("b.example")]);
    await connection.close();
    expect(told).toEqual([["ALTERNATE_REFUSED", "b.example"], { scheme: "amqp", host: "a.example", port: 2 }]);
  });
});
