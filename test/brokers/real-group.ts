/** Starts a master/slave pair of real brokers for tests and benches, by Maven's jars or by docker compose. */
import { hasDockerEngine, startDockerGroup } from "./docker-group.ts";
import type { GroupOptions, Product, RealGroup, Way } from "./group-contract.ts";
import { startMavenGroup } from "./maven-group.ts";
import { hasMavenAndJava } from "./maven-jars.ts";

export {
  type GroupOptions,
  MEMBER_NAMES,
  type MemberName,
  otherMember,
  PAIR_KINDS,
  type PairKind,
  type Product,
  type Protocol,
  RESTRICTED_CREDENTIALS,
  type RealGroup,
  type Way,
} from "./group-contract.ts";

/**
 * Resolves with a pair in which `a` is active and `b` waits for the lock. If that fails, rejects and leaves nothing
 * behind.
 */
export async function startGroup(product: Product, options: GroupOptions = {}): Promise<RealGroup> {
  const way = options.way ?? (await detectWay());
  const startedAt = performance.now();
  const group = way === "maven" ? await startMavenGroup(product, options) : await startDockerGroup(product, options);
  const tookMs = Math.round(performance.now() - startedAt);
  console.error(`[brokers] ${product} ${group.version} by ${way}: pair up in ${tookMs} ms`);
  return group;
}

let detected: Promise<Way> | undefined;

/**
 * Decided once in a process: the way that MASTERSLAVE_BROKERS names, otherwise Maven if java and mvn exist, otherwise
 * docker if an engine answers.
 */
export function detectWay(): Promise<Way> {
  detected ??= findWay();
  return detected;
}

async function findWay(): Promise<Way> {
  const { MASTERSLAVE_BROKERS: wanted = "" } = process.env;
  if (wanted === "maven" || wanted === "docker") return wanted;
  if (wanted !== "") throw new Error(`MASTERSLAVE_BROKERS is "${wanted}"; it can be maven or docker`);
  if (await hasMavenAndJava()) return "maven";
  if (await hasDockerEngine()) return "docker";
  throw new Error(
    "No way to start real brokers: Maven with a JDK of 17 or later is not installed, and no docker engine with compose answers",
  );
}
