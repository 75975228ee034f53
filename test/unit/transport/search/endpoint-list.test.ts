/** The order of a round, and what brokers may add to it. */
import { describe, expect, it } from "vitest";
import { EndpointList, identity } from "../../../../src/transport/search/endpoint-list.ts";
import type { Endpoint } from "../../../../src/uri/endpoint.ts";

const at = (host: string, port = 1): Endpoint => ({ scheme: "tcp", host, port, options: {} });
const hosts = (list: EndpointList) => list.inOrder().map(({ host }) => host);

describe("EndpointList", () => {
  it("keeps the user's order", () => {
    expect(hosts(new EndpointList([at("b"), at("a")], { randomize: false }))).toEqual(["b", "a"]);
  });

  it("adds alternates behind the user's own, which they never replace", () => {
    const list = new EndpointList([at("a"), at("b")], { randomize: false });
    list.addAlternates([at("c"), at("A"), at("d")]);
    list.addAlternates([at("c"), at("e")]);
    expect(hosts(list)).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("takes an alternate that is named twice once", () => {
    const list = new EndpointList([at("a")], { randomize: false });
    list.addAlternates([at("c"), at("C"), at("c", 2)]);
    expect(list.inOrder().map(identity)).toEqual(["a:1", "c:1", "c:2"]);
  });

  it("keeps a bounded number of alternates, the newest", () => {
    const list = new EndpointList([at("a")], { randomize: false });
    for (let index = 0; index < 500; index += 1) list.addAlternates([at(`h${index}`)]);
    expect(hosts(list)).toHaveLength(33);
    expect(hosts(list)[0]).toBe("a");
    expect(hosts(list).at(-1)).toBe("h499");
  });

  it("shuffles every round with randomize, and loses none", () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const list = new EndpointList(
      names.map((name) => at(name)),
      { randomize: true },
    );
    const orders = Array.from({ length: 50 }, () => hosts(list));
    for (const order of orders) expect([...order].sort()).toEqual(names);
    expect(new Set(orders.map((order) => order.join(""))).size).toBeGreaterThan(5);
    // What is told of them keeps the order of the list.
    for (let times = 0; times < 10; times++) expect(list.known.map(({ host }) => host)).toEqual(names);
  });

  it("takes two endpoints for the same by host in any case and port", () => {
    expect(identity(at("Broker.Example", 5))).toBe(identity({ ...at("broker.example", 5), scheme: "ssl" }));
    expect(identity(at("a", 1))).not.toBe(identity(at("a", 11)));
  });
});
