/**
 * A network of groups on this machine: every host is a loopback address of its own, every member a Java process with the
 * XML that exportTopology wrote.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Host, Member, Topology } from "../../src/topology/description/topology.ts";
import { exportTopology } from "../../src/topology/export/export-topology.ts";
import type { MemberState } from "../../src/topology/simulate/simulate-topology.ts";
import { guardDirectory } from "./exit-guard.ts";
import { freePorts } from "./free-ports.ts";
import { APP_CREDENTIALS, LOG_LINES } from "./group-contract.ts";
import { brokerJars, networkBrokerJars } from "./maven-jars.ts";
import { MemberProcess } from "./member-process.ts";

/** What a member of 16 on a small machine gets. */
const JVM_OPTIONS = ["-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss256k", "-Xshare:auto"];
const PROBE_MS = 1_000;
/** An Artemis member that is configured as a backup says so in other words than a second primary. */
const BACKUP_LINE = { classic: {}, artemis: { standbyLine: /AMQ221034|AMQ221109/ } } as const;
/** Starting more at once makes all of them slower. */
const WAVE = 2;

/** The same network with an address of the loopback network for each host, and ports that are free. */
export async function onLoopback(topology: Topology): Promise<Topology> {
  const names = Object.keys(topology.hosts);
  const hosts = Object.fromEntries(
    names.map((name, index): [string, Host] => [name, { ...topology.hosts[name], address: `127.0.0.${index + 11}` }]),
  );
  const members = Object.values(topology.groups).flatMap((group) => group.members);
  const free = await freePorts(members.reduce((count, { ports }) => count + Object.keys(ports).length, 0));
  const moved = ({ ports, ...member }: Member): Member => ({
    ...member,
    ports: Object.fromEntries(Object.keys(ports).map((protocol) => [protocol, free.pop() ?? 0])),
  });
  const groups = Object.fromEntries(
    Object.entries(topology.groups).map(([name, group]) => [name, { ...group, members: group.members.map(moved) }]),
  );
  return { ...topology, hosts, groups };
}

export class NetworkLab {
  readonly topology: Topology;
  readonly #directory: string;
  readonly #releaseDirectory: () => void;
  readonly #processes: ReadonlyMap<string, MemberProcess>;

  private constructor(topology: Topology, directory: string, processes: ReadonlyMap<string, MemberProcess>) {
    this.topology = topology;
    this.#directory = directory;
    this.#releaseDirectory = guardDirectory(directory);
    this.#processes = processes;
  }

  /** Resolves when every preferred master is active and every other member waits; rejects with nothing left behind. */
  static async start(topology: Topology): Promise<NetworkLab> {
    const { product = "classic" } = topology;
    const { classPath, mainClass } = product === "classic" ? await networkBrokerJars() : await brokerJars("artemis");
    const directory = await mkdtemp(join(tmpdir(), "masterslave-network-"));
    const processes = new Map<string, MemberProcess>();
    for (const [file, text] of exportTopology(topology, { target: product })) {
      const name = dirname(file);
      await mkdir(join(directory, name), { recursive: true });
      await writeFile(join(directory, file), text);
      if (product === "artemis") await writeArtemisUsers(join(directory, name));
      const properties = [
        `-DBROKER_STORE=${join(directory, "store")}`,
        "-DKAHADB_JOURNAL_FILE=4mb",
        `-Dactivemq.base=${directory}`,
        "-DCLUSTER_PASSWORD=lab",
      ];
      const javaArguments = [...JVM_OPTIONS, ...properties, "-cp", classPath, mainClass, join(directory, name)];
      processes.set(
        name,
        new MemberProcess({
          name,
          directory,
          prefix: [],
          javaArguments,
          ...LOG_LINES[product],
          ...BACKUP_LINE[product],
        }),
      );
    }
    const lab = new NetworkLab(topology, directory, processes);
    try {
      const ranks = Object.values(topology.groups).flatMap(({ members }) =>
        members.map(({ name }, rank) => ({ name, rank })),
      );
      for (const rank of new Set(ranks.map((each) => each.rank)))
        await lab.#startAll(ranks.filter((each) => each.rank === rank).map(({ name }) => name));
      return lab;
    } catch (reason) {
      await lab.close();
      throw reason;
    }
  }

  /** Kills every process of a host at once. */
  async killHost(host: string): Promise<void> {
    await Promise.all(this.#membersOn(host).map((name) => this.#processes.get(name)?.end("SIGKILL")));
  }

  /** Starts the members of a host again. */
  startHost(host: string): Promise<void> {
    return this.#startAll(this.#membersOn(host));
  }

  /** What each member is: active when its first port answers, for a standby's is closed. */
  async states(): Promise<Record<string, MemberState>> {
    const members = Object.values(this.topology.groups).flatMap((group) => group.members);
    const states = await Promise.all(
      members.map(async (member): Promise<[string, MemberState]> => {
        if (this.#processes.get(member.name)?.pid === undefined) return [member.name, "down"];
        const address = this.topology.hosts[member.host]?.address ?? "";
        return [member.name, (await answers(address, Object.values(member.ports)[0] ?? 0)) ? "active" : "standby"];
      }),
    );
    return Object.fromEntries(states);
  }

  /** Of the processes that run. */
  pids(): number[] {
    return [...this.#processes.values()].flatMap(({ pid }) => pid ?? []);
  }

  logTail(member: string, lines = 30): Promise<string> {
    return this.#processes.get(member)?.logTail(lines) ?? Promise.resolve("(no such member)");
  }

  async close(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((process) => process.end("SIGKILL")));
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
    this.#releaseDirectory();
  }

  async #startAll(names: readonly string[]): Promise<void> {
    for (let at = 0; at < names.length; at += WAVE)
      await Promise.all(names.slice(at, at + WAVE).map((name) => this.#processes.get(name)?.start()));
  }

  #membersOn(host: string): string[] {
    const members = Object.values(this.topology.groups).flatMap((group) => group.members);
    return members.filter((member) => member.host === host).map(({ name }) => name);
  }
}

/** One user with the role that the exported files give every right to. */
async function writeArtemisUsers(directory: string): Promise<void> {
  await writeFile(
    join(directory, "artemis-users.properties"),
    `${APP_CREDENTIALS.username}=${APP_CREDENTIALS.password}\n`,
  );
  await writeFile(join(directory, "artemis-roles.properties"), `amq=${APP_CREDENTIALS.username}\n`);
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial({ host, port, timeout: PROBE_MS });
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once("connect", () => finish(true))
      .once("error", () => finish(false))
      .once("timeout", () => finish(false));
  });
}
