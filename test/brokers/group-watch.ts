/** Shared by both ways of running a group: its URI, and finding the active member as a client would. */
import { setTimeout as sleep } from "node:timers/promises";
import { APP_CREDENTIALS, MEMBER_NAMES, type MemberName, type Protocol, type RealGroup } from "./group-contract.ts";
import { probeStomp } from "./stomp-probe.ts";

/** An active member on the same machine answers within milliseconds; a stopped one never does. */
const PROBE_TIMEOUT_MS = 1_000;
const POLL_EVERY_MS = 10;

export function groupUri(group: Pick<RealGroup, "endpoint">, protocol: Protocol): string {
  const parts = MEMBER_NAMES.map((member) => {
    const { host, port } = group.endpoint(member, protocol);
    return `${protocol}://${host}:${port}`;
  });
  return `masterslave:(${parts.join(",")})`;
}

export async function findActive(
  group: Pick<RealGroup, "endpoint">,
  probe = probeStomp,
): Promise<MemberName | undefined> {
  const answers = await Promise.all(
    MEMBER_NAMES.map((member) => probe(group.endpoint(member, "stomp"), APP_CREDENTIALS, PROBE_TIMEOUT_MS)),
  );
  const active = MEMBER_NAMES.filter((_member, index) => answers[index] === "active");
  if (active.length > 1) throw new Error("Two members are active at once: the store's lock does not hold");
  return active[0];
}

export async function waitForActive(
  group: Pick<RealGroup, "active" | "logTail" | "product">,
  timeoutMs: number,
): Promise<MemberName> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const active = await group.active();
    if (active !== undefined) return active;
    await sleep(POLL_EVERY_MS);
  }
  const logs = await Promise.all(
    MEMBER_NAMES.map(async (member) => `--- log of ${member}\n${await group.logTail(member)}`),
  );
  throw new Error(`No member of the ${group.product} group was active within ${timeoutMs} ms\n${logs.join("\n")}`);
}
