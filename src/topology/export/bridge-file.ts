/** bridge.yaml for this package's bridge: the connectors of kind `bridge`, or all of them if there is none. */
import { UnsupportedError } from "../../errors/errors.ts";
import type { Connector, Topology } from "../description/topology.ts";
import { connectorName, networkOf } from "../network/network.ts";
import { planTopology } from "../plan/plan-topology.ts";
import { writeYaml, type YamlValue } from "./yaml-writer.ts";

/** AMQP keeps types and group ids, which STOMP on Classic does not. */
const PROTOCOLS = ["amqps", "amqp", "stomp+ssl", "stomp"] as const;

/** Throws UNSUPPORTED for a group that has neither an AMQP nor a STOMP port. */
export function bridgeFile(topology: Topology): Map<string, string> {
  const { connectors } = networkOf(topology);
  const bridged = connectors.filter(({ kind }) => kind === "bridge");
  const wanted = bridged.length > 0 ? bridged : connectors.filter(({ from, to }) => to.length === 1 && to[0] !== from);
  const plan = planTopology(topology);
  const groups: Record<string, YamlValue> = {};
  for (const name of new Set(wanted.flatMap(({ from, to }) => [from, ...to]))) {
    const uris = plan.groups[name]?.uris ?? {};
    const protocol = PROTOCOLS.find((each) => uris[each] !== undefined);
    if (!protocol)
      throw new UnsupportedError(
        `Group ${name} has neither an amqp nor a stomp port, and the bridge speaks no other protocol; add one`,
      );
    groups[name] = { uri: uris[protocol] ?? "", ...login(wanted.find((each) => each.to.includes(name))?.connector) };
  }
  const links = wanted.map(
    (each) => [connectorName(each, connectors), linkOf(each.connector, each.from, each.to[0] ?? "")] as const,
  );
  return new Map([
    ["bridge.yaml", writeYaml({ groups, links: Object.fromEntries(links) }, "Written by masterslave topology export")],
  ]);
}

function login(connector: Connector | undefined): { readonly [key: string]: YamlValue | undefined } {
  const password = connector?.password;
  return { username: connector?.username, password: typeof password === "object" ? { ...password } : password };
}

function linkOf(connector: Connector, from: string, to: string): YamlValue {
  const include = connector.include ?? (connector.static ? undefined : ["queue://>", "topic://>"]);
  const ttl = connector.messageTTL ?? connector.networkTTL ?? 1;
  return {
    from,
    to,
    include: include ? [...include] : undefined,
    exclude: connector.exclude ? [...connector.exclude] : undefined,
    static: connector.static ? [...connector.static] : undefined,
    duplex: connector.duplex ?? false,
    maxHops: ttl < 0 ? 16 : ttl,
  };
}
