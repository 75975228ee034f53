/** Findings about a configuration beside its mistakes: what each link loses, from asking the groups themselves. */
import type { ConfigDocument, FindingDetails } from "../config/config-document.ts";
import type { Finding } from "../config/finding.ts";
import { readConfigFile } from "../config/read-config-file.ts";
import { MasterSlaveError } from "../errors/errors.ts";
import type { BridgeConfig } from "./config/bridge-config.ts";
import { inspectDocument } from "./config/read-bridge-config.ts";
import { lossesOf } from "./link/losses.ts";
import { isOneBroker } from "./link/one-broker.ts";
import { type OpenGroup, openGroup } from "./link/open-group.ts";
import { problemsOnline } from "./link/start-problems.ts";
import { nativeTarget, stuckUnseen } from "./watch/unseen.ts";

/** Reads a file without throwing; `config` is undefined if a finding is an error. */
export async function inspectBridgeFile(file: string): Promise<{
  readonly config: BridgeConfig | undefined;
  readonly document: ConfigDocument;
  readonly findings: readonly Finding[];
}> {
  const document = await readConfigFile(file);
  return { document, ...inspectDocument(document) };
}

/**
 * Connects to every group that a link uses, asks, and leaves. Never rejects: a group that does not answer is a finding.
 */
export async function checkLinksOnline(
  config: BridgeConfig,
  document: ConfigDocument,
  timeoutMs: number,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const add = (details: FindingDetails) => findings.push(document.finding(details));
  const groups = await openAll(config, timeoutMs, add);
  try {
    for (const [name, link] of Object.entries(config.links)) {
      const [from, to] = [groups.get(link.from), groups.get(link.to)];
      if (from && to) for (const details of lossesOf(name, link, from)) add(details);
      if (from)
        for (const details of await stuckUnseen(name, link, from, config.groups[link.from]?.browseUri)) add(details);
      if (to) for (const details of await nativeTarget(name, link, to, timeoutMs)) add(details);
      for (const details of await problemsOnline(name, config, groups, timeoutMs)) add(details);
      if (!from || !to || from === to) continue;
      const one = await isOneBroker(from.connection, to.connection, AbortSignal.timeout(timeoutMs));
      const path = ["links", name, "to"];
      if (one)
        add({
          code: "OWN_GROUP",
          path,
          message: `${link.from} and ${link.to} are one broker`,
          advice: "Name the other group",
        });
      else if (one === undefined)
        add({
          code: "OWN_GROUP_UNKNOWN",
          severity: "info",
          path,
          message: "whether both groups are one broker cannot be told: the topic masterslave.own-group is refused",
          advice: "Let the bridge's user read and write it",
        });
    }
  } finally {
    await Promise.all([...groups.values()].map(({ connection }) => connection.close({ drainTimeoutMs: 0 })));
  }
  return findings;
}

async function openAll(
  config: BridgeConfig,
  timeoutMs: number,
  add: (details: FindingDetails) => void,
): Promise<ReadonlyMap<string, OpenGroup>> {
  const used = new Set(Object.values(config.links).flatMap(({ from, to }) => [from, to]));
  const opened = new Map<string, OpenGroup>();
  const open = async (name: string) => {
    const group = config.groups[name];
    if (!group) return;
    const one = openGroup(name, group, { maxInFlight: 1, maxInFlightBytes: 1 });
    try {
      await one.connection.connect({ signal: AbortSignal.timeout(timeoutMs) });
      opened.set(name, one);
    } catch (reason) {
      const { message, code } = MasterSlaveError.from(reason);
      await one.connection.close({ drainTimeoutMs: 0 });
      const advice =
        code === "AUTHENTICATION_FAILED"
          ? "Check username and password"
          : "Check the URI, and whether a member is active";
      add({
        code: code === "ABORTED" ? "NO_ACTIVE_ENDPOINT" : code,
        path: ["groups", name, "uri"],
        message: `${name} cannot be reached: ${message}`,
        advice,
      });
    }
  };
  await Promise.all([...used].map(open));
  return opened;
}
