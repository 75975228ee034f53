/** A running network asked what it is: members of the embedded group, hosts that refuse, and hosts that stay silent. */
import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { blackHole, type EmbeddedGroup, embeddedGroup } from "../../../../src/testing/index.ts";
import { readTopology } from "../../../../src/topology/description/read-topology.ts";
import type { Topology } from "../../../../src/topology/description/topology.ts";
import { diffTopology } from "../../../../src/topology/probe/diff-topology.ts";
import { probeTopology } from "../../../../src/topology/probe/probe-topology.ts";

type Ports = readonly { readonly protocol: string; readonly port: number }[];

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function startGroup(protocol: "stomp" | "amqp", credentials?: { username: string; password: string }) {
  const group = await embeddedGroup({
    members: 2,
    protocols: [protocol],
    inProcess: true,
    ...(credentials && { credentials }),
  });
  cleanUps.push(() => group.close());
  return group;
}

/** One group of two members on one address each, as the embedded group has them. */
function describe2(ports: Ports): Topology {
  const members = ports.map(({ protocol, port }, index) => {
    return { name: `a${index + 1}`, host: `h${index + 1}`, ports: { [protocol]: port } };
  });
  return readTopology({
    product: "artemis",
    hosts: { h1: { address: "127.0.0.1" }, h2: { address: "127.0.0.1" } },
    groups: { A: { members } },
  });
}
const portsOf = (group: EmbeddedGroup, protocol: "stomp" | "amqp"): Ports =>
  [...group.uri(protocol).matchAll(/:(\d+)/g)].map(([, port]) => ({ protocol, port: Number(port) }));
const codes = (topology: Topology, probe: Awaited<ReturnType<typeof probeTopology>>) =>
  diffTopology(topology, probe).map(({ code }) => code);

describe("a probe of a running network", () => {
  it.each(["stomp", "amqp"] as const)(
    "over %s finds the active member and the standby, and the other one after a failover",
    async (protocol) => {
      const group = await startGroup(protocol);
      const topology = describe2(portsOf(group, protocol));
      const before = await probeTopology(topology);
      expect(before.members).toEqual({ a1: "active", a2: "standby" });
      expect(before.load).toEqual({ h1: 1, h2: 0 });
      await group.failover();
      const after = await probeTopology(topology);
      expect(after.members).toEqual({ a1: "standby", a2: "active" });
      expect(codes(topology, after)).toContain("NOT_PREFERRED");
    },
  );

  it("takes silence for a host that is down, and says so as a difference at the member's place", async () => {
    const hole = await blackHole();
    cleanUps.push(() => hole.close());
    const topology = describe2([
      { protocol: "stomp", port: hole.port },
      { protocol: "stomp", port: hole.port },
    ]);
    const probe = await probeTopology(topology, { timeoutMs: 300 });
    expect(probe.members).toEqual({ a1: "down", a2: "down" });
    expect(probe.load).toEqual({});
    expect(codes(topology, probe)).toEqual(["NO_ACTIVE_MEMBER", "MEMBER_DOWN", "MEMBER_DOWN"]);
    expect(diffTopology(topology, probe)[1]).toMatchObject({ path: "groups.A.members[0]", severity: "error" });
  });

  it("takes a refused login for an active member, and shows no password", async () => {
    const group = await startGroup("stomp", { username: "app", password: "right-one" });
    const topology = describe2(portsOf(group, "stomp"));
    const probe = await probeTopology(topology, { credentials: { username: "app", password: "wrong-one" } });
    expect(probe.members).toEqual({ a1: "active", a2: "standby" });
    expect(codes(topology, probe)).toContain("LOGIN_REFUSED");
    expect(JSON.stringify(probe)).not.toContain("wrong-one");
  });

  it("asks a member that has an OpenWire port only whether the port is open", async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    cleanUps.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as { readonly port: number };
    const closed = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => closed.once("listening", resolve));
    const { port: free } = closed.address() as { readonly port: number };
    await new Promise((resolve) => closed.close(resolve));
    const probe = await probeTopology(
      describe2([
        { protocol: "openwire", port },
        { protocol: "openwire", port: free },
      ]),
    );
    expect(probe.members).toEqual({ a1: "active", a2: "standby" });
  });

  it("ends with ABORTED when its signal fires", async () => {
    const hole = await blackHole();
    cleanUps.push(() => hole.close());
    const topology = describe2([{ protocol: "stomp", port: hole.port }]);
    const asked = probeTopology(topology, { signal: AbortSignal.timeout(50) });
    await expect(asked).rejects.toMatchObject({ code: "ABORTED" });
  });
});
