/** Checks the groups of a bridge beyond their shape. */
import type { ConfigDocument, FindingDetails } from "../../config/config-document.ts";
import type { Finding } from "../../config/finding.ts";
import { secretInFile, secretNotSet } from "../../config/secret.ts";
import { MasterSlaveError } from "../../errors/errors.ts";
import { isSecure } from "../../uri/endpoint.ts";
import { type MasterSlaveUri, parseMasterSlaveUri } from "../../uri/master-slave-uri.ts";
import { resolveOptions } from "../../uri/resolve-options.ts";
import type { BridgeConfig, BridgeGroup } from "./bridge-config.ts";

/** The URIs that could be parsed, by the group's name. */
export type GroupUris = ReadonlyMap<string, MasterSlaveUri>;

/** Appends the findings, and returns the URIs that could be parsed. */
export function checkGroups(config: BridgeConfig, document: ConfigDocument, findings: Finding[]): GroupUris {
  const uris = new Map<string, MasterSlaveUri>();
  const add = (details: FindingDetails | undefined) => details && findings.push(document.finding(details));
  for (const [name, group] of Object.entries(config.groups)) {
    const path = ["groups", name];
    const uri = readUri(group.uri, [...path, "uri"], add);
    if (uri) {
      uris.set(name, uri);
      add(tlsWithoutUse(group, uri, path));
      if (uri.credentials && document.file !== undefined) add(passwordInUri([...path, "uri"]));
    }
    add(browseUriProblem(group, [...path, "browseUri"]));
    add(login(group, path));
    for (const key of ["password", "token"] as const) {
      const found = [secretInFile, secretNotSet].map((check) => check(document, [...path, key], group[key]));
      findings.push(...found.filter((finding) => finding !== undefined));
    }
  }
  sameIds(config).forEach(add);
  unused(config).forEach(add);
  return uris;
}

function readUri(text: string, path: FindingDetails["path"], add: (details: FindingDetails) => void) {
  try {
    const uri = parseMasterSlaveUri(text);
    if (resolveOptions(uri, {}).protocol) return uri;
    const message = "the URI does not say which protocol to speak: tcp:// and ssl:// name none";
    add({ code: "NO_PROTOCOL", path, message, advice: "Write stomp:// or amqp:// in front of each endpoint" });
    return undefined;
  } catch (reason) {
    const { code, message } = MasterSlaveError.from(reason);
    add({ code, path, message, advice: "Correct the URI; docs/options.md lists the options" });
    return undefined;
  }
}

function browseUriProblem({ browseUri }: BridgeGroup, path: FindingDetails["path"]): FindingDetails | undefined {
  if (browseUri === undefined) return undefined;
  const advice = 'Write a URI such as "masterslave:(stomp://a:61613,stomp://b:61613)"';
  try {
    const { protocol } = resolveOptions(parseMasterSlaveUri(browseUri), {});
    if (protocol === "stomp") return undefined;
    return { code: "BROWSE_URI", path, message: "browseUri does not speak STOMP", advice };
  } catch (reason) {
    const { message } = MasterSlaveError.from(reason);
    return { code: "BROWSE_URI", path, message, advice };
  }
}

function login({ username, password, token }: BridgeGroup, path: FindingDetails["path"]): FindingDetails | undefined {
  if (password !== undefined && token !== undefined) {
    const message = "a group logs in with a password or with a token, not with both";
    return { code: "TWO_LOGINS", path: [...path, "token"], message, advice: "Remove password, or remove token" };
  }
  if (username !== undefined && password === undefined && token === undefined)
    return {
      code: "NO_PASSWORD",
      path: [...path, "username"],
      message: "there is a username and neither a password nor a token",
      advice: "Add password: { file: … }, or remove username",
    };
  if (password !== undefined && username === undefined)
    return {
      code: "NO_USERNAME",
      path: [...path, "password"],
      message: "there is a password and no username",
      advice: "Add username, or remove password",
    };
  return undefined;
}

function passwordInUri(path: FindingDetails["path"]): FindingDetails {
  const message = "the URI has a password in clear text";
  const advice = "Take it out of the URI and write username and password: { file: … }";
  return { code: "PASSWORD_IN_FILE", severity: "warning", path, message, advice };
}

function tlsWithoutUse(
  { tls }: BridgeGroup,
  uri: MasterSlaveUri,
  path: FindingDetails["path"],
): FindingDetails | undefined {
  if (tls === undefined) return undefined;
  if (!uri.endpoints.some(isSecure)) {
    const message = "tls is given, and no endpoint of the URI speaks TLS";
    return { code: "TLS_WITHOUT_USE", path: [...path, "tls"], message, advice: "Write amqps:// or stomp+ssl://" };
  }
  if ((tls.cert === undefined) === (tls.key === undefined)) return undefined;
  const message = "a client certificate is cert and key together";
  return { code: "HALF_CERTIFICATE", path: [...path, "tls"], message, advice: "Add the other of the two" };
}

/** Two groups with one name in the path: the loop rule would confuse them. */
function sameIds({ groups }: BridgeConfig): FindingDetails[] {
  const seen = new Map<string, string>();
  return Object.entries(groups).flatMap(([name, { id = name }]) => {
    const other = seen.get(id);
    seen.set(id, name);
    if (other === undefined) return [];
    const message = `${name} and ${other} have the same name in the path of messages, ${id}`;
    const path = ["groups", name, ...(groups[name]?.id === undefined ? [] : ["id"])];
    return [{ code: "GROUP_ID_TWICE", path, message, advice: "Give each group an id of its own" }];
  });
}

function unused({ groups, links }: BridgeConfig): FindingDetails[] {
  const used = new Set(Object.values(links).flatMap(({ from, to }) => [from, to]));
  return Object.keys(groups)
    .filter((name) => !used.has(name))
    .map((name) => ({
      code: "GROUP_UNUSED",
      severity: "info" as const,
      path: ["groups", name],
      at: "key" as const,
      message: `no link has the group ${name}`,
      advice: "Remove it, or add a link",
    }));
}
