/** The jars of a broker: resolved once by Maven into a cache outside the checkout, with our launchers compiled beside them. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Product } from "./group-contract.ts";

const run = promisify(execFile);
const LAUNCHERS = fileURLToPath(new URL("./java/", import.meta.url));
/** A first resolution downloads about 15 MB a product. */
const MAVEN_TIMEOUT_MS = 10 * 60_000;
/** A lock that nobody has touched for this long belongs to a process that is gone. */
const LOCK_STALE_MS = MAVEN_TIMEOUT_MS + 60_000;

export const BROKER_VERSIONS: Readonly<Record<Product, string>> = { classic: "6.1.8", artemis: "2.55.0" };

/** What `java` needs to run one member. */
export interface BrokerJars {
  readonly classPath: string;
  readonly mainClass: string;
}

const SLF4J = "org.slf4j:slf4j-simple:2.0.16";
const DEPENDENCIES: Readonly<Record<Product, readonly string[]>> = {
  classic: [
    ...["broker", "kahadb-store", "stomp", "amqp", "spring", "console", "jaas"].map(
      (part) => `org.apache.activemq:activemq-${part}:${BROKER_VERSIONS.classic}`,
    ),
    "org.springframework:spring-context:6.2.0",
    "org.apache.xbean:xbean-spring:4.26",
    SLF4J,
  ],
  artemis: [
    ...["server", "stomp-protocol", "amqp-protocol", "openwire-protocol"].map(
      (part) => `org.apache.artemis:artemis-${part}:${BROKER_VERSIONS.artemis}`,
    ),
    SLF4J,
  ],
};
const MAIN_CLASS: Readonly<Record<Product, string>> = { classic: "ClassicMember", artemis: "ArtemisMember" };

const resolved = new Map<Product, Promise<BrokerJars>>();

/**
 * Resolves once the jars are in the cache: `~/.cache/masterslave-transport/brokers/<hash>`, or below
 * MASTERSLAVE_BROKER_CACHE. Safe to call from several processes. Rejects, saying what is missing, without java, javac or mvn.
 */
export function brokerJars(product: Product): Promise<BrokerJars> {
  let jars = resolved.get(product);
  if (jars === undefined) {
    jars = resolveJars(product);
    jars.catch(() => resolved.delete(product));
    resolved.set(product, jars);
  }
  return jars;
}

/** Whether this machine has what the Maven way needs. */
export async function hasMavenAndJava(): Promise<boolean> {
  const answers = await Promise.allSettled([run("java", ["-version"]), run("javac", ["-version"]), run("mvn", ["-v"])]);
  return answers.every((answer) => answer.status === "fulfilled");
}

async function resolveJars(product: Product): Promise<BrokerJars> {
  const pom = renderPom(product);
  const sources = await launcherSources(product);
  const hash = createHash("sha256").update(pom);
  for (const source of sources) hash.update(await readFile(source));
  const ownCache = join(homedir(), ".cache/masterslave-transport/brokers");
  const { MASTERSLAVE_BROKER_CACHE: cache = ownCache } = process.env;
  const directory = join(cache, `${product}-${hash.digest("hex").slice(0, 16)}`);
  if (!(await exists(directory))) {
    await withLock(`${directory}.lock`, async () => {
      if (!(await exists(directory))) await fill(directory, pom, sources);
    });
  }
  return { classPath: `${join(directory, "classes")}:${join(directory, "lib")}/*`, mainClass: MAIN_CLASS[product] };
}

async function launcherSources(product: Product): Promise<string[]> {
  const names = (await readdir(LAUNCHERS)).sort();
  return names
    .filter((name) => name === "ParentWatch.java" || name === `${MAIN_CLASS[product]}.java`)
    .map((name) => join(LAUNCHERS, name));
}

/** Works beside the final directory and renames at the end, so a directory that exists is complete. */
async function fill(directory: string, pom: string, sources: readonly string[]): Promise<void> {
  const work = await mkdtemp(`${directory}.`);
  try {
    await writeFile(join(work, "pom.xml"), pom);
    const copy = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
    const options = ["-DincludeScope=runtime", `-DoutputDirectory=${join(work, "lib")}`];
    await tool("mvn", ["-q", "-B", "-f", join(work, "pom.xml"), copy, ...options]);
    await tool("javac", ["-cp", `${join(work, "lib")}/*`, "-d", join(work, "classes"), ...sources]);
    await rename(work, directory);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function tool(name: "mvn" | "javac", args: readonly string[]): Promise<void> {
  try {
    await run(name, args, { timeout: MAVEN_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      throw new Error(
        `The real brokers need ${name} on the PATH, and it is not there; install Maven and a JDK of 17 or later (Debian: apt-get install maven default-jdk-headless), or run them by docker compose with MASTERSLAVE_BROKERS=docker`,
        { cause: error },
      );
    }
    const output = error instanceof Error && "stdout" in error ? String(error.stdout).trim() : "";
    throw new Error(`${name} failed while fetching the broker's jars: ${output || String(error)}`, { cause: error });
  }
}

/** One filler at a time: Maven's own repository dislikes two. The atomic rename in `fill` is what makes it correct. */
async function withLock(lock: string, work: () => Promise<void>): Promise<void> {
  await mkdir(dirname(lock), { recursive: true });
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const made = await stat(lock).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > LOCK_STALE_MS)
      await rm(lock, { recursive: true, force: true });
    await sleep(200);
  }
  try {
    await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function renderPom(product: Product): string {
  const dependencies = DEPENDENCIES[product].map((coordinates) => {
    const [groupId, artifactId, version] = coordinates.split(":");
    const excluded = `<exclusions><exclusion><groupId>${groupId}</groupId><artifactId>artemis-jms-client</artifactId></exclusion></exclusions>`;
    return `    <dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version>${excluded}</dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>masterslave.tests</groupId>
  <artifactId>${product}</artifactId>
  <version>1</version>
  <dependencies>
${dependencies.join("\n")}
  </dependencies>
</project>
`;
}
