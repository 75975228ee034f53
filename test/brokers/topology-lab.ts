/**
 * A network of groups on this machine: every host is a network namespace or a loopback address of its own, every member a
 * Java process with the XML that exportTopology wrote.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Host, Member, Topology } from "../../src/topology/description/topology.ts";
import { exportTopology } from "../../src/topology/export/export-topology.ts";
import { guardDirectory } from "./exit-guard.ts";
import { freePorts } from "./free-ports.ts";
import { APP_CREDENTIALS, LOG_LINES } from "./group-contract.ts";
import { brokerJars, networkBrokerJars } from "./maven-jars.ts";
import { MemberProcess } from "./member-process.ts";

/** The heap of a member when 16 run on a small machine. */
const JVM_OPTIONS = ["-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss256k", "-Xshare:auto"];
/** Artemis logs the role of a member configured as a backup in other words than that of a second primary. */
const BACKUP_LINE = { classic: {}, artemis: { standbyLine: /AMQ221034|AMQ221109/ } } as const;
/** Starting more members at once makes all of them slower. */
const WAVE = 2;

/** A host that is a network namespace, with a network link. */
export interface HostLink {
  /** What precedes a command so that it runs in the host. */
  readonly prefix: readonly string[];
  linkDown(): Promise<void>;
  linkUp(): Promise<void>;
}

/** Returns the same network with a loopback address for each host, and ports that are free. */
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
  readonly #links: ReadonlyMap<string, HostLink>;

  private constructor(
    topology: Topology,
    directory: string,
    processes: ReadonlyMap<string, MemberProcess>,
    links: ReadonlyMap<string, HostLink>,
  ) {
    this.topology = topology;
    this.#links = links;
    this.#directory = directory;
    this.#releaseDirectory = guardDirectory(directory);
    this.#processes = processes;
  }

  /**
   * Resolves when every preferred master is active and every other member waits; rejects with nothing left behind. `links`:
   * the hosts that are namespaces, by name.
   */
  static async start(topology: Topology, links: ReadonlyMap<string, HostLink> = new Map()): Promise<NetworkLab> {
    const { product = "classic" } = topology;
    const { classPath, mainClass } = product === "classic" ? await networkBrokerJars() : await brokerJars("artemis");
    const directory = await mkdtemp(join(tmpdir(), "masterslave-network-"));
    const processes = new Map<string, MemberProcess>();
    const members = Object.values(topology.groups).flatMap((group) => group.members);
    const hostOf = (name: string) => members.find((member) => member.name === name)?.host ?? "";
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
          // The cause of an error in an XML file is at the beginning of a long stack trace.
          failureLines: 400,
          prefix: links.get(hostOf(name))?.prefix ?? [],
          javaArguments,
          ...LOG_LINES[product],
          ...BACKUP_LINE[product],
        }),
      );
    }
    const lab = new NetworkLab(topology, directory, processes, links);
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

  /**
   * Kills every process of a host at once, then takes its link down, so that the host is silent as a dead machine is.
   */
  async killHost(host: string): Promise<void> {
    await Promise.all(this.#membersOn(host).map((name) => this.#processes.get(name)?.end("SIGKILL")));
    await this.#links.get(host)?.linkDown();
  }

  /** Kills one member's process. */
  async killMember(name: string): Promise<void> {
    await this.#processes.get(name)?.end("SIGKILL");
  }

  async startMember(name: string): Promise<void> {
    await this.#processes.get(name)?.start();
  }

  /** Brings the host's link up, then starts its members again. */
  async startHost(host: string): Promise<void> {
    await this.#links.get(host)?.linkUp();
    await this.#startAll(this.#membersOn(host));
  }

  /** Takes a host's link down; its processes go on. Rejects if hosts have no links. */
  async cutHost(host: string): Promise<void> {
    const link = this.#links.get(host);
    if (!link) throw new Error(`Host ${host} has no link to take down: hosts are loopback addresses here`);
    await link.linkDown();
  }

  async healHost(host: string): Promise<void> {
    await this.#links.get(host)?.linkUp();
  }

  /** Kills the active member of a group and starts it again, as a standby. */
  async restartActive(group: string): Promise<void> {
    for (const { name } of this.topology.groups[group]?.members ?? []) {
      const process = this.#processes.get(name);
      if ((await process?.state()) !== "active") continue;
      await process?.end("SIGKILL");
      // The other member takes over meanwhile, and is not restarted.
      await process?.start();
      return;
    }
  }

  /** The ids of the running processes. */
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

/** One user, with the role to which the exported files give all permissions. */
async function writeArtemisUsers(directory: string): Promise<void> {
  await writeFile(
    join(directory, "artemis-users.properties"),
    `${APP_CREDENTIALS.username}=${APP_CREDENTIALS.password}\n`,
  );
  await writeFile(join(directory, "artemis-roles.properties"), `amq=${APP_CREDENTIALS.username}\n`);
}
