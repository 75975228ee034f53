/**
 * Runs a pair by docker: the services of docker-compose.yml at the repository's root, one compose project for each
 * product.
 */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  APP_CREDENTIALS,
  type Connector,
  type GroupOptions,
  LOG_LINES,
  type MemberName,
  type Product,
  type Protocol,
  type RealGroup,
} from "./group-contract.ts";
import { findActive, groupUri, waitForActive } from "./group-watch.ts";
import { BROKER_VERSIONS } from "./maven-jars.ts";

const run = promisify(execFile);
const COMPOSE_FILE = fileURLToPath(new URL("../../docker-compose.yml", import.meta.url));
/** Pulling the images for the first time takes minutes. */
const COMPOSE_TIMEOUT_MS = 10 * 60_000;
const DEFAULT_WAIT_MS = 60_000;
const START_TIMEOUT_MS = 60_000;
const LOG_POLL_MS = 200;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** The ports that docker-compose.yml publishes on 127.0.0.1. */
const PORTS: Readonly<Record<Product, Readonly<Record<MemberName, Readonly<Partial<Record<Connector, number>>>>>>> = {
  classic: {
    a: { stomp: 21613, amqp: 25672, "amqp-native": 25673, openwire: 21616 },
    b: { stomp: 22613, amqp: 26672, "amqp-native": 26673, openwire: 22616 },
  },
  artemis: {
    a: { stomp: 23613, amqp: 27672, openwire: 23616 },
    b: { stomp: 24613, amqp: 28672, openwire: 24616 },
  },
};

/** Whether an engine answers and has compose. */
export async function hasDockerEngine(): Promise<boolean> {
  const answers = await Promise.allSettled([run("docker", ["info"]), run("docker", ["compose", "version"])]);
  return answers.every((answer) => answer.status === "fulfilled");
}

export async function startDockerGroup(product: Product, options: GroupOptions): Promise<RealGroup> {
  const { way: _way, kind = "shared-store", ...others } = options;
  const names = kind === "shared-store" ? Object.keys(others) : ["kind", ...Object.keys(others)];
  if (names.length > 0) throw new Error(`The docker way takes no ${names.join(", ")}; use MASTERSLAVE_BROKERS=maven`);
  const group = new DockerGroup(product);
  try {
    await group.up();
    return group;
  } catch (error) {
    await group.close();
    throw error;
  }
}

class DockerGroup implements RealGroup {
  readonly way = "docker";
  readonly credentials = APP_CREDENTIALS;
  readonly product: Product;
  readonly version: string;

  constructor(product: Product) {
    this.product = product;
    this.version = BROKER_VERSIONS[product];
  }

  /** Removes what an earlier run left, so that the store is empty. */
  async up(): Promise<void> {
    await this.close();
    await this.#compose("up", "--detach", this.#service("a"));
    const first = await this.waitActive();
    if (first !== "a")
      throw new Error("Member b is active before it was started: another compose project holds its port");
    await this.#bringUp("b", "up", "--detach");
  }

  uri(protocol: Protocol): string {
    return groupUri(this, protocol);
  }

  endpoint(member: MemberName, connector: Connector): { readonly host: string; readonly port: number } {
    const port = PORTS[this.product][member][connector];
    if (port === undefined) throw new Error(`${this.product} has no ${connector} connector`);
    return { host: "127.0.0.1", port };
  }

  active(): Promise<MemberName | undefined> {
    return findActive(this);
  }

  waitActive(options: { readonly timeoutMs?: number } = {}): Promise<MemberName> {
    return waitForActive(this, options.timeoutMs ?? DEFAULT_WAIT_MS);
  }

  kill(member: MemberName): Promise<void> {
    return this.#compose("kill", "--signal", "SIGKILL", this.#service(member));
  }

  stop(member: MemberName): Promise<void> {
    return this.#compose("stop", this.#service(member));
  }

  pause(member: MemberName): Promise<void> {
    return this.#compose("pause", this.#service(member));
  }

  resume(member: MemberName): Promise<void> {
    return this.#compose("unpause", this.#service(member));
  }

  start(member: MemberName): Promise<void> {
    return this.#bringUp(member, "start");
  }

  pid(_member: MemberName): undefined {
    return undefined;
  }

  logTail(member: MemberName, lines = 30): Promise<string> {
    return this.#logs(member, "--tail", String(lines));
  }

  async close(): Promise<void> {
    await this.#compose("down", "--volumes", "--timeout", "0");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Resolves once the member's log reports, from now on, that it is active or waits for the lock. */
  async #bringUp(member: MemberName, ...command: readonly string[]): Promise<void> {
    const since = new Date().toISOString();
    await this.#compose(...command, this.#service(member));
    const { standbyLine, activeLine } = LOG_LINES[this.product];
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < deadline) {
      const log = await this.#logs(member, "--since", since);
      if (standbyLine.test(log) || activeLine.test(log)) return;
      await sleep(LOG_POLL_MS);
    }
    throw new Error(`Member ${member} did not start; its log ends:\n${await this.logTail(member)}`);
  }

  async #logs(member: MemberName, ...options: readonly string[]): Promise<string> {
    const args = [...this.#project(), "logs", "--no-color", "--no-log-prefix", ...options, this.#service(member)];
    const { stdout } = await run("docker", args, { timeout: COMPOSE_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES });
    return stdout.trimEnd();
  }

  #service(member: MemberName): string {
    return `${this.product}-${member}`;
  }

  #project(): string[] {
    const name = `masterslave-${this.product}`;
    return ["compose", "--file", COMPOSE_FILE, "--project-name", name, "--profile", this.product];
  }

  async #compose(...args: readonly string[]): Promise<void> {
    await run("docker", [...this.#project(), ...args], { timeout: COMPOSE_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES });
  }
}
