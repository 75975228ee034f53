import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDiscoveryUri } from "../../../../src/topology/network/discovery-uri.ts";

const shape = (text: string) => {
  const { agent, inner, components, options, hasBlank } = readDiscoveryUri(text);
  return {
    agent,
    inner,
    hosts: components.map(({ scheme, host, port }) => `${scheme ?? "-"} ${host} ${port}`),
    options: Object.fromEntries(options),
    hasBlank,
  };
};

describe("the address of a connector", () => {
  it.each([
    ["masterslave:(tcp://a:1,tcp://b:2)?x=1&y", "masterslave", undefined, ["tcp a 1", "tcp b 2"], { x: "1", y: "" }],
    ["masterslave://(tcp://a:1,nio://b:2)", "masterslave", undefined, ["tcp a 1", "nio b 2"], {}],
    [
      "static:(tcp://a:1?keepAlive=true)?maxReconnectDelay=5",
      "static",
      undefined,
      ["tcp a 1"],
      { maxReconnectDelay: "5" },
    ],
    ["static:failover:(tcp://a:1,tcp://b:2)?randomize=false", "static", "failover", ["tcp a 1", "tcp b 2"], {}],
    [
      "static:(failover:(tcp://a:1,tcp://b:2)?maxReconnectAttempts=0)?z=1",
      "static",
      "failover",
      ["tcp a 1", "tcp b 2"],
      { z: "1" },
    ],
    ["static:tcp://a:1,tcp://b:2", "static", undefined, ["tcp a 1", "tcp b 2"], {}],
    ["multicast://default?group=x", "multicast", undefined, [], { group: "x" }],
    [
      "tcp://a:1#tcp://b:2,tcp://c:3?z=1;y=2",
      undefined,
      undefined,
      ["tcp a 1", "tcp b 2", "tcp c 3"],
      { z: "1", y: "2" },
    ],
    ["static:(tcp://[::1]:1,b:2)", "static", undefined, ["tcp ::1 1", "- b 2"], {}],
  ])("%s is taken apart", (text, agent, inner, hosts, options) => {
    expect(shape(text)).toEqual({ agent, inner, hosts, options, hasBlank: false });
  });

  it("with a blank or a line break inside says so, and is read all the same", () => {
    expect(shape("masterslave:(tcp://a:1,\n  tcp://b:2)")).toMatchObject({
      hosts: ["tcp a 1", "tcp b 2"],
      hasBlank: true,
    });
    expect(shape(" static:(tcp://a:1) ").hasBlank).toBe(false);
  });

  it("of any text is read without a throw, in time that grows with its length", () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => readDiscoveryUri(text) !== undefined));
    const started = performance.now();
    for (const part of ["(", ",", "static:(", "tcp://a:1,", "?", "failover:"])
      readDiscoveryUri(`static:(${part.repeat(20_000)}`);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
