/** The Maven way: two child JVMs over one store in a temporary directory, on ports of their own. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { guardDirectory } from "./exit-guard.ts";
import { freePorts } from "./free-ports.ts";
import {
  APP_CREDENTIALS,
  CONNECTORS,
  type Connector,
  type GroupOptions,
  type MemberName,
  otherMember,
  type PairKind,
  type Place,
  type Product,
  type Protocol,
  type RealGroup,
  SECURE_CONNECTORS,
} from "./group-contract.ts";
import { findActive, groupUri, waitForActive } from "./group-watch.ts";
import { advisingBrokerJars, BROKER_VERSIONS, brokerJars, type JavaProgram } from "./maven-jars.ts";
import { MemberProcess } from "./member-process.ts";
import { isSettled, logLinesOf, requireKind, settingsOf } from "./pair-kind.ts";

const CONFIG = fileURLToPath(new URL("./config/", import.meta.url));
const HERE: Place = { prefix: [], host: "127.0.0.1" };
/** In a host of its own a member shares its ports with nobody. */
const USUAL_PORTS: ReadonlyMap<Connector, number> = new Map([
  ["stomp", 61_613],
  ["amqp", 5_672],
  ["amqp-native", 5_673],
  ["openwire", 61_616],
]);
const DEFAULT_WAIT_MS = 30_000;
/** A replicated standby is in sync after about 9 s; a large store takes longer. */
const SETTLE_TIMEOUT_MS = 90_000;
const SETTLE_POLL_MS = 50;

type Ports = Readonly<Record<MemberName, ReadonlyMap<Connector, number>>>;

export async function startMavenGroup(product: Product, options: GroupOptions): Promise<RealGroup> {
  const kind = kindOf(options);
  requireKind(product, kind);
  const advises = options.advisories === true && product === "classic";
  const jars = await (advises ? advisingBrokerJars() : brokerJars(product));
  const directory = await mkdtemp(join(tmpdir(), `masterslave-${product}-`));
  await mkdir(join(directory, "store"));
  const connectors = options.secure ? SECURE_CONNECTORS[product] : CONNECTORS[product];
  const ports = options.places ? { a: USUAL_PORTS, b: USUAL_PORTS } : await choosePorts(connectors);
  const make = (name: MemberName): MemberProcess => {
    const javaArguments = javaCommand(name, jars, directory, ports, options);
    const { prefix } = placeOf(name, options);
    return new MemberProcess({ name, directory, prefix, javaArguments, ...logLinesOf(product, kind) });
  };
  const group = new MavenGroup(product, directory, ports, options, { a: make("a"), b: make("b") });
  try {
    await group.start("a");
    await group.waitActive();
    await group.start("b");
    return group;
  } catch (error) {
    await group.close();
    throw error;
  }
}

function placeOf(member: MemberName, { places }: GroupOptions): Place {
  return places?.[member] ?? HERE;
}

async function choosePorts(connectors: readonly Connector[]): Promise<Ports> {
  const free = await freePorts(2 * connectors.length);
  const portsFrom = (first: number) => new Map(connectors.map((name, index) => [name, free[first + index] ?? 0]));
  return { a: portsFrom(0), b: portsFrom(connectors.length) };
}

function javaCommand(
  name: MemberName,
  jars: JavaProgram,
  directory: string,
  ports: Ports,
  options: GroupOptions,
): string[] {
  const { host, listenOn = host } = placeOf(name, options);
  const properties: Record<string, string | number | boolean | undefined> = {
    BROKER_NAME: name,
    ...kindProperties(name, directory, ports, options),
    BROKER_HOST: listenOn,
    BROKER_STORE_LIMIT: options.storeLimit,
    ADVISORIES: options.advisories,
    MAX_MESSAGE_BYTES: options.maxMessageBytes,
    STOMP_PORT: ports[name].get("stomp"),
    AMQP_PORT: ports[name].get("amqp"),
    AMQP_NATIVE_PORT: ports[name].get("amqp-native"),
    OPENWIRE_PORT: ports[name].get("openwire"),
    ...secureProperties(options.secure, ports[name]),
    "activemq.base": directory,
    "org.slf4j.simpleLogger.showDateTime": "true",
    "org.slf4j.simpleLogger.dateTimeFormat": "HH:mm:ss.SSS",
    // One line for every frame and login otherwise.
    "org.slf4j.simpleLogger.log.org.apache.activemq.audit": "off",
  };
  const given = Object.entries(properties).filter(([, value]) => value !== undefined);
  return [
    "-Xms64m",
    `-Xmx${options.heapMb ?? 512}m`,
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Xshare:auto",
    ...(options.jvmOptions ?? []),
    ...given.map(([key, value]) => `-D${key}=${value}`),
    "-cp",
    jars.classPath,
    jars.mainClass,
    options.secure ?? CONFIG,
  ];
}

/** What broker.xml reads of the kind of the pair; the members of a pair that shares nothing but its store are told little. */
function kindProperties(
  name: MemberName,
  directory: string,
  ports: Ports,
  options: GroupOptions,
): Record<string, string | number | undefined> {
  const { policies, clustered, ownStores, failback } = settingsOf(kindOf(options));
  const other = otherMember(name);
  return {
    BROKER_STORE: join(directory, "store", ownStores ? name : ""),
    CONFIG_PARTS: join(CONFIG, "ha"),
    HA_POLICY: policies[name],
    ...(clustered && {
      CLUSTER: "pair",
      ALLOW_FAILBACK: String(failback),
      MEMBER_HOST: placeOf(name, options).host,
      OTHER_HOST: placeOf(other, options).host,
      OTHER_PORT: ports[other].get("openwire"),
    }),
  };
}

function kindOf({ kind = "shared-store" }: GroupOptions): PairKind {
  return kind;
}

function secureProperties(
  secure: string | undefined,
  ports: ReadonlyMap<Connector, number>,
): Record<string, string | number | undefined> {
  if (secure === undefined) return {};
  return {
    SECURE: secure,
    "java.security.auth.login.config": join(secure, "login.config"),
    STOMP_SSL_PORT: ports.get("stomp+ssl"),
    AMQPS_PORT: ports.get("amqps"),
    STOMP_MUTUAL_PORT: ports.get("stomp-mutual"),
    AMQP_MUTUAL_PORT: ports.get("amqp-mutual"),
    STOMP_TOKEN_PORT: ports.get("stomp-token"),
    AMQP_TOKEN_PORT: ports.get("amqp-token"),
  };
}

class MavenGroup implements RealGroup {
  readonly way = "maven";
  readonly credentials = APP_CREDENTIALS;
  readonly product: Product;
  readonly version: string;
  readonly #directory: string;
  readonly #releaseDirectory: () => void;
  readonly #ports: Ports;
  readonly #options: GroupOptions;
  readonly #members: Readonly<Record<MemberName, MemberProcess>>;

  constructor(
    product: Product,
    directory: string,
    ports: Ports,
    options: GroupOptions,
    members: Readonly<Record<MemberName, MemberProcess>>,
  ) {
    this.product = product;
    this.version = BROKER_VERSIONS[product];
    this.#directory = directory;
    this.#releaseDirectory = guardDirectory(directory);
    this.#ports = ports;
    this.#options = options;
    this.#members = members;
  }

  uri(protocol: Protocol): string {
    return groupUri(this, protocol);
  }

  endpoint(member: MemberName, connector: Connector): { readonly host: string; readonly port: number } {
    const port = this.#ports[member].get(connector);
    if (port === undefined) throw new Error(`${this.product} has no ${connector} connector`);
    return { host: placeOf(member, this.#options).host, port };
  }

  active(): Promise<MemberName | undefined> {
    return findActive(this, this.#options.probe);
  }

  waitActive(options: { readonly timeoutMs?: number } = {}): Promise<MemberName> {
    return waitForActive(this, options.timeoutMs ?? DEFAULT_WAIT_MS);
  }

  kill(member: MemberName): Promise<void> {
    return this.#members[member].end("SIGKILL");
  }

  stop(member: MemberName): Promise<void> {
    return this.#members[member].end("SIGTERM");
  }

  async pause(member: MemberName): Promise<void> {
    this.#members[member].signal("SIGSTOP");
  }

  async resume(member: MemberName): Promise<void> {
    this.#members[member].signal("SIGCONT");
  }

  async start(member: MemberName): Promise<void> {
    await this.#members[member].start();
    const kind = kindOf(this.#options);
    const alone = this.pid(otherMember(member)) === undefined;
    if (settingsOf(kind).clustered && !alone) await this.#settle(kind);
  }

  async #settle(kind: PairKind): Promise<void> {
    const deadline = performance.now() + SETTLE_TIMEOUT_MS;
    for (;;) {
      const [a, b] = await Promise.all([this.#members.a.state(), this.#members.b.state()]);
      if (isSettled(kind, { a, b })) return;
      if (performance.now() > deadline) {
        const logs = `--- log of a\n${await this.logTail("a")}\n--- log of b\n${await this.logTail("b")}`;
        throw new Error(
          `The ${kind} pair has not come to rest: a is ${a ?? "starting"}, b is ${b ?? "starting"}\n${logs}`,
        );
      }
      await sleep(SETTLE_POLL_MS);
    }
  }

  pid(member: MemberName): number | undefined {
    return this.#members[member].pid;
  }

  logTail(member: MemberName, lines = 30): Promise<string> {
    return this.#members[member].logTail(lines);
  }

  async close(): Promise<void> {
    await Promise.all([this.kill("a"), this.kill("b")]);
    await rm(this.#directory, { recursive: true, force: true });
    this.#releaseDirectory();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
