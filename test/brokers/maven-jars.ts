/**
 * The jars of a broker or of the Java clients. Maven resolves them once into a cache outside the checkout, and our
 * programs are compiled beside them.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Product } from "./group-contract.ts";
import { cacheDirectory, fillOnce } from "./tool-cache.ts";

const run = promisify(execFile);
const PROGRAMS = fileURLToPath(new URL("./java/", import.meta.url));
/** A first resolution downloads about 15 MB a product. */
const MAVEN_TIMEOUT_MS = 10 * 60_000;

export const BROKER_VERSIONS: Readonly<Record<Product, string>> = { classic: "6.1.8", artemis: "2.55.0" };

/** What `java` needs to run one of our programs. */
export interface JavaProgram {
  readonly classPath: string;
  readonly mainClass: string;
}

/** The parts of a program. */
interface Recipe {
  readonly name: string;
  readonly dependencies: readonly string[];
  /** Excluded dependencies: they cannot be resolved, and the program does not need them. */
  readonly without?: string;
  /** Classes of ours; the first is the main one. */
  readonly classes: readonly string[];
}

const SLF4J = "org.slf4j:slf4j-simple:2.0.16";
const BROKERS: Readonly<Record<Product, Recipe>> = {
  classic: {
    name: "classic",
    dependencies: [
      ...["broker", "kahadb-store", "stomp", "amqp", "spring", "console", "jaas"].map(
        (part) => `org.apache.activemq:activemq-${part}:${BROKER_VERSIONS.classic}`,
      ),
      "org.springframework:spring-context:6.2.0",
      "org.apache.xbean:xbean-spring:4.26",
      SLF4J,
    ],
    classes: ["ClassicMember", "ParentWatch"],
  },
  artemis: {
    name: "artemis",
    dependencies: [
      ...["server", "stomp-protocol", "amqp-protocol", "openwire-protocol"].map(
        (part) => `org.apache.artemis:artemis-${part}:${BROKER_VERSIONS.artemis}`,
      ),
      SLF4J,
    ],
    without: "org.apache.artemis:artemis-jms-client",
    classes: ["ArtemisMember", "ParentWatch"],
  },
};

/** The Java clients that the tests of interoperation run beside ours. */
export const JAVA_CLIENT_VERSIONS = { "activemq-client": "6.1.8", "qpid-jms-client": "2.10.0" } as const;

const JMS_PEER: Recipe = {
  name: "jms-peer",
  dependencies: [
    `org.apache.activemq:activemq-client:${JAVA_CLIENT_VERSIONS["activemq-client"]}`,
    `org.apache.qpid:qpid-jms-client:${JAVA_CLIENT_VERSIONS["qpid-jms-client"]}`,
    "com.fasterxml.jackson.core:jackson-databind:2.19.1",
    SLF4J,
  ],
  classes: ["JmsPeer", "MessageJson", "JmsBench"],
};

/** The libraries with which Classic writes the bodies of its advisories for STOMP. */
const ADVISORIES_AS_JSON = ["com.thoughtworks.xstream:xstream:1.4.21", "org.codehaus.jettison:jettison:1.5.4"];

/** The Classic brokers of networks: a newer version, with the libraries that write advisories as JSON for STOMP. */
export const NETWORK_BROKER_VERSION = "6.3.1";

const NETWORK_BROKER: Recipe = {
  name: "classic-network",
  dependencies: [
    ...["broker", "kahadb-store", "stomp", "amqp", "spring", "console"].map(
      (part) => `org.apache.activemq:activemq-${part}:${NETWORK_BROKER_VERSION}`,
    ),
    "org.springframework:spring-context:6.2.0",
    "org.apache.xbean:xbean-spring:4.26",
    ...ADVISORIES_AS_JSON,
    SLF4J,
  ],
  classes: ["ClassicMember", "ParentWatch"],
};

const ADVISING_BROKER: Recipe = {
  ...BROKERS.classic,
  name: "classic-advising",
  dependencies: [...BROKERS.classic.dependencies, ...ADVISORIES_AS_JSON],
};

const resolved = new Map<Recipe, Promise<JavaProgram>>();

/**
 * Resolves once the jars are in the cache: `~/.cache/masterslave-transport/brokers/<hash>`, or below
 * MASTERSLAVE_BROKER_CACHE. Safe to call from several processes. Rejects, saying what is missing, without java, javac or mvn.
 */
export function brokerJars(product: Product): Promise<JavaProgram> {
  return programOf(BROKERS[product]);
}

/** Resolves with the program of a Classic broker that announces consumers by advisories, as JSON over STOMP. */
export function advisingBrokerJars(): Promise<JavaProgram> {
  return programOf(ADVISING_BROKER);
}

/** Resolves with the program of the brokers of a network of groups. */
export function networkBrokerJars(): Promise<JavaProgram> {
  return programOf(NETWORK_BROKER);
}

/** Resolves with the programs that drive ActiveMQ's Java client and Qpid JMS: JmsPeer, and JmsBench for benchmarks. */
export function jmsPeerJars(): Promise<JavaProgram> {
  return programOf(JMS_PEER);
}

function programOf(recipe: Recipe): Promise<JavaProgram> {
  let program = resolved.get(recipe);
  if (program === undefined) {
    program = resolveJars(recipe);
    program.catch(() => resolved.delete(recipe));
    resolved.set(recipe, program);
  }
  return program;
}

/** Whether this machine has the tools for the Maven way. */
export async function hasMavenAndJava(): Promise<boolean> {
  const answers = await Promise.allSettled([run("java", ["-version"]), run("javac", ["-version"]), run("mvn", ["-v"])]);
  return answers.every((answer) => answer.status === "fulfilled");
}

async function resolveJars(recipe: Recipe): Promise<JavaProgram> {
  const pom = renderPom(recipe);
  const sources = recipe.classes.map((name) => join(PROGRAMS, `${name}.java`));
  const hash = createHash("sha256").update(pom);
  for (const source of sources) hash.update(await readFile(source));
  const directory = join(cacheDirectory(), `${recipe.name}-${hash.digest("hex").slice(0, 16)}`);
  await fillOnce(directory, (work) => fill(work, pom, sources));
  const [mainClass = ""] = recipe.classes;
  return { classPath: `${join(directory, "classes")}:${join(directory, "lib")}/*`, mainClass };
}

async function fill(work: string, pom: string, sources: readonly string[]): Promise<void> {
  await writeFile(join(work, "pom.xml"), pom);
  const copy = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
  const options = ["-DincludeScope=runtime", `-DoutputDirectory=${join(work, "lib")}`];
  await tool("mvn", ["-q", "-B", "-f", join(work, "pom.xml"), copy, ...options]);
  await tool("javac", ["-cp", `${join(work, "lib")}/*`, "-d", join(work, "classes"), ...sources]);
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

function renderPom({ name, dependencies: wanted, without }: Recipe): string {
  const [unwantedGroup, unwantedArtifact] = without?.split(":") ?? [];
  const excluded = without
    ? `<exclusions><exclusion><groupId>${unwantedGroup}</groupId><artifactId>${unwantedArtifact}</artifactId></exclusion></exclusions>`
    : "";
  const dependencies = wanted.map((coordinates) => {
    const [groupId, artifactId, version] = coordinates.split(":");
    return `    <dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version>${excluded}</dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>masterslave.tests</groupId>
  <artifactId>${name}</artifactId>
  <version>1</version>
  <dependencies>
${dependencies.join("\n")}
  </dependencies>
</project>
`;
}
