/** Files for container platforms: each member runs in a container that others reach by its name. */
import type { Group, Host, Member, Topology } from "../description/topology.ts";
import { type Network, networkOf, productOf } from "../network/network.ts";
import { artemisXml } from "./artemis-xml.ts";
import { classicXml } from "./classic-xml.ts";
import { writeYaml, type YamlValue } from "./yaml-writer.ts";

const IMAGES = { classic: "apache/activemq:6.3.1", artemis: "apache/artemis:2.55.0" } as const;
const CONFIG_FILES = {
  classic: "/opt/apache-activemq/conf/activemq.xml",
  artemis: "/var/lib/artemis-instance/etc-override/broker.xml",
} as const;

/** A member's name as a host name: lower case letters, digits and hyphens. */
export function hostName(member: string): string {
  return (
    member
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 63) || "member"
  );
}

/** The same network, in which each member is reached by its own name. */
function named(topology: Topology): Topology {
  const hosts: Record<string, Host> = {};
  const groups: Record<string, Group> = {};
  for (const [name, group] of Object.entries(topology.groups)) {
    const members = group.members.map((member): Member => {
      hosts[member.name] = { address: hostName(member.name) };
      return { ...member, host: member.name };
    });
    groups[name] = { ...group, members };
  }
  // Addresses written for the hosts have no meaning in containers.
  const connectors = (topology.connectors ?? []).map((connector, index) => {
    const [to = connector.to] = networkOf(topology).connectors[index]?.to ?? [];
    return { ...connector, to, uri: to === undefined ? connector.uri : undefined };
  });
  return { ...topology, hosts, groups, connectors };
}

function configOf(
  network: Network,
  member: Member,
  group: string,
): { readonly product: "classic" | "artemis"; readonly file: string; readonly text: string } {
  const product = productOf(network.topology, group);
  return product === "classic"
    ? { product, file: `${member.name}/activemq.xml`, text: classicXml(network, member, group) }
    : { product, file: `${member.name}/broker.xml`, text: artemisXml(network, member, group) };
}

/** docker-compose.yml and the configuration of each member. */
export function composeFiles(topology: Topology): Map<string, string> {
  const network = networkOf(named(topology));
  const files = new Map<string, string>();
  const services: Record<string, YamlValue> = {};
  for (const { member, group } of network.members.values()) {
    const { product, file, text } = configOf(network, member, group);
    files.set(file, text);
    services[hostName(member.name)] = {
      image: IMAGES[product],
      init: true,
      restart: "unless-stopped",
      environment: {
        BROKER_HOST: "0.0.0.0",
        BROKER_STORE: "/store",
        JAVA_OPTS: "-DBROKER_HOST=0.0.0.0 -DBROKER_STORE=/store",
      },
      volumes: [`${volumeName(group)}:/store`, `./${file}:${CONFIG_FILES[product]}:ro`],
    };
  }
  const volumes = Object.fromEntries([...network.groups.keys()].map((group) => [volumeName(group), {}]));
  const comment = "Written by masterslave topology export. The members of a group share one volume, and so one lock.";
  return new Map([["docker-compose.yml", writeYaml({ services, volumes }, comment)], ...files]);
}

function volumeName(group: string): string {
  return `store-${hostName(group)}`;
}

/**
 * kubernetes.yaml: for each member a config map, a headless service and a stateful set of one pod; two members of a
 * group never share a node.
 */
export function kubernetesFiles(topology: Topology): Map<string, string> {
  const network = networkOf(named(topology));
  const hasZones = Object.values(topology.hosts).some(({ zone }) => zone !== undefined);
  const documents = [
    ...[...network.groups.keys()].map((group) => volumeClaim(group)),
    ...[...network.members.values()].flatMap(({ member, group }) => memberDocuments(network, member, group, hasZones)),
  ];
  return new Map([["kubernetes.yaml", documents.map((document) => writeYaml(document)).join("---\n")]]);
}

function volumeClaim(group: string): YamlValue {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: volumeName(group) },
    // The volume's file system must support file locks across nodes, as NFS 4 does.
    spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "10Gi" } } },
  };
}

function memberDocuments(network: Network, member: Member, group: string, hasZones: boolean): YamlValue[] {
  const name = hostName(member.name);
  const { product, file, text } = configOf(network, member, group);
  const labels = { app: name, "masterslave-group": hostName(group) };
  const fileName = file.split("/").at(-1) ?? file;
  const ports = Object.entries(member.ports).map(([port, number]) => ({
    name: hostName(port).slice(0, 15),
    port: number,
  }));
  const container = {
    name: "broker",
    image: IMAGES[product],
    env: [{ name: "JAVA_OPTS", value: "-DBROKER_HOST=0.0.0.0 -DBROKER_STORE=/store" }],
    ports: ports.map((each) => ({ name: each.name, containerPort: each.port })),
    volumeMounts: [
      { name: "store", mountPath: "/store" },
      { name: "config", mountPath: CONFIG_FILES[product], subPath: fileName },
    ],
  };
  const volumes = [
    { name: "store", persistentVolumeClaim: { claimName: volumeName(group) } },
    { name: "config", configMap: { name } },
  ];
  const spec = { affinity: antiAffinity(group, hasZones), containers: [container], volumes };
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { [fileName]: text } },
    // A standby is never ready by design, but its name must resolve.
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { clusterIP: "None", publishNotReadyAddresses: true, selector: labels, ports },
    },
    {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name },
      spec: {
        serviceName: name,
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec },
      },
    },
  ];
}

/** Required, not preferred: two members on one node fail together. */
function antiAffinity(group: string, hasZones: boolean): YamlValue {
  const labelSelector = { matchLabels: { "masterslave-group": hostName(group) } };
  const keys = hasZones ? ["kubernetes.io/hostname", "topology.kubernetes.io/zone"] : ["kubernetes.io/hostname"];
  const terms = keys.map((topologyKey) => ({ labelSelector, topologyKey }));
  return { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } };
}
