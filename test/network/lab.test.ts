/** Tests the network lab itself: what each fault does to packets, and that nothing is left behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Host } from "./lab/host.ts";
import { addressOf } from "./lab/host.ts";
import { HostProgram } from "./lab/host-program.ts";
import { NameServer } from "./lab/name-server.ts";
import { createNetwork, type Network } from "./lab/network.ts";
import type { TalkerOperations } from "./lab/talker.ts";

const TALKER = new URL("./lab/talker.ts", import.meta.url);
const SOON_MS = 5_000;
const SILENCE_MS = 600;

describe("a network of two hosts", () => {
  let network: Network;
  let near: Host;
  let far: Host;
  let talker: HostProgram<TalkerOperations>;
  let port: number;

  beforeAll(async () => {
    network = await createNetwork();
    near = await network.host("near");
    far = await network.host("far");
    const listener = await HostProgram.start<TalkerOperations>(far, TALKER);
    port = await listener.call("listen");
    talker = await HostProgram.start<TalkerOperations>(near, TALKER);
  });
  afterAll(() => network?.close());
  afterEach(async () => {
    await far.heal();
    await far.rate(undefined);
  });

  it.each(["address", "address6"] as const)("reaches a host by its %s", async (kind) => {
    expect(await talker.call("dial", far[kind], port, SOON_MS)).toBe("connected");
    expect(await talker.call("echo", 1, SOON_MS)).toBeGreaterThan(0);
  });

  it("is refused at once where nobody listens", async () => {
    expect(await talker.call("dial", far.address, 1, SOON_MS)).toBe("ECONNREFUSED");
  });

  it.each(["address", "address6"] as const)("hears nothing from a black-holed port of %s", async (kind) => {
    await far.blackHole(port);
    expect(await talker.call("dial", far[kind], port, SILENCE_MS)).toBe("silence");
    expect(await talker.call("dial", far[kind], 1, SOON_MS)).toBe("ECONNREFUSED");
  });

  it("tells an open connection nothing of a pulled cable, and delivers what waited when it is back", async () => {
    await talker.call("dial", far.address, port, SOON_MS);
    await far.linkDown();
    const echo = talker.call("echo", 1, SOON_MS);
    expect(await Promise.race([echo, talker.call("dial", far.address, port, SILENCE_MS)])).toBe("silence");
    await far.linkUp();
    expect(await echo).toBeGreaterThan(SILENCE_MS);
  });

  it.each(["in", "out", "both"] as const)("drops direction %s until it heals", async (direction) => {
    await talker.call("dial", far.address, port, SOON_MS);
    await far.drop(direction, near);
    expect(await talker.call("dial", far.address, port, SILENCE_MS)).toBe("silence");
    const echo = talker.call("echo", 1, SOON_MS);
    await far.heal();
    expect(await echo).toBeGreaterThan(0);
  });

  it("does not drop what goes to another peer", async () => {
    await far.drop("both", await network.host("other"));
    expect(await talker.call("dial", far.address, port, SOON_MS)).toBe("connected");
  });

  it("loses packets at random, and TCP makes up for it", async () => {
    await talker.call("dial", far.address, port, SOON_MS);
    await far.lose(5);
    expect(await talker.call("echo", 2 ** 20, 60_000)).toBeGreaterThan(0);
    const retransmitted = /TcpRetransSegs\s+(\d+)/.exec(await near.exec("nstat", "-az", "TcpRetransSegs"))?.[1];
    expect(Number(retransmitted)).toBeGreaterThan(0);
  });

  it("keeps to a rate in both directions", async () => {
    await talker.call("dial", far.address, port, SOON_MS);
    const bytes = 250_000;
    const free = (await talker.call("echo", bytes, SOON_MS)) ?? Number.NaN;
    // The echo arrives while the rest is still being sent, so 2 Mbit take one second, not two.
    await far.rate(2_000_000);
    const limited = (await talker.call("echo", bytes, 60_000)) ?? Number.NaN;
    expect(limited).toBeGreaterThan(800);
    expect(limited).toBeGreaterThan(4 * free);
  });
});

describe("a name server", () => {
  it("answers in order, changes its mind, fails and is silent", async () => {
    await using network = await createNetwork();
    const nameHost = await network.host("names");
    await using names = await NameServer.start(nameHost, { "one.lab": ["10.99.0.9", "10.99.0.8"] });
    const asker = await network.host("asker", { nameServers: [nameHost.address] });
    const asking = await HostProgram.start<TalkerOperations>(asker, TALKER);
    expect(await asking.call("resolve", "one.lab")).toEqual(["10.99.0.9", "10.99.0.8"]);
    await names.answer({ "one.lab": ["fd99::7"], "two.lab": ["10.99.0.7"] });
    expect(await asking.call("resolve", "one.lab")).toEqual(["fd99::7"]);
    expect(await asking.call("resolve", "nobody.lab")).toEqual(["ENOTFOUND"]);
    names.silence();
    expect(await asking.call("resolve", "two.lab")).toEqual(["EAI_AGAIN"]);
    names.resume();
    expect(await asking.call("resolve", "two.lab")).toEqual(["10.99.0.7"]);
  });
});

describe("what a network leaves behind", () => {
  it("removes its namespaces when it is closed, with what runs in them", async () => {
    const network = await createNetwork();
    const host = await network.host("brief");
    const sleeper = host.spawn("sleep", ["600"]);
    const ended = once(sleeper, "close");
    await network.close();
    await ended;
    expect(namespaces()).not.toContain(host.namespace);
  });

  it("removes them when its process gets SIGTERM", async () => {
    const { child, namespace } = await abandon();
    expect(namespaces()).toContain(namespace);
    await endBy(child, "SIGTERM");
    expect(namespaces()).not.toContain(namespace);
  });

  it("sweeps, when the next network is made, those of a process that was killed", async () => {
    const { child, namespace } = await abandon();
    await endBy(child, "SIGKILL");
    expect(namespaces()).toContain(namespace);
    await using _network = await createNetwork();
    expect(namespaces()).not.toContain(namespace);
  });

  it("has 254 addresses, whether there is a host or not", () => {
    expect(addressOf(254)).toEqual({ ipv4: "10.99.0.254", ipv6: "fd99::fe" });
  });
});

function namespaces(): string[] {
  return [...readdirSync("/run/netns"), ...readdirSync("/etc/netns")];
}

async function abandon(): Promise<{ child: ChildProcess; namespace: string }> {
  const program = fileURLToPath(new URL("./lab/abandon-network.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", program], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  return { child, namespace: String(line).trim() };
}

async function endBy(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const closed = once(child, "close");
  child.kill(signal);
  await closed;
}
