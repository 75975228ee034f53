import { DOMParser } from "@xmldom/xmldom";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { readConfigText } from "../../../../src/config/read-config-text.ts";
import type { Topology } from "../../../../src/topology/description/topology.ts";
import { exportTopology } from "../../../../src/topology/export/export-topology.ts";
import { generateTopology } from "../../../../src/topology/generate/generate-topology.ts";

const pair = generateTopology({ hostPairs: 1, shape: "line" });
const xmlOf = (files: ReadonlyMap<string, string>, name: string) =>
  new DOMParser().parseFromString(files.get(name) ?? "", "text/xml");
const yamlOf = (files: ReadonlyMap<string, string>, name: string) =>
  parseAllDocuments(files.get(name) ?? "").map((document) => {
    expect("errors" in document && document.errors).toEqual([]);
    return "toJS" in document ? document.toJS() : undefined;
  });

describe("an exported network", () => {
  it("for Classic gives both members of a group one brokerName, one brokerId and advisories", () => {
    const files = exportTopology(pair, { target: "classic" });
    expect([...files.keys()]).toEqual(
      ["brokerA1", "brokerA2", "brokerB1", "brokerB2"].map((name) => `${name}/activemq.xml`),
    );
    for (const name of ["brokerA1", "brokerA2"]) {
      const [broker] = Array.from(xmlOf(files, `${name}/activemq.xml`).getElementsByTagName("broker"));
      expect(broker?.getAttribute("brokerName")).toBe("A");
      expect(broker?.getAttribute("brokerId")).toBe("ID:A");
      expect(broker?.getAttribute("advisorySupport")).toBe("true");
    }
  });

  it("for Classic has the connector in both members of the group that opens it, and in no other", () => {
    const files = exportTopology(pair, { target: "classic" });
    const uris = [...files].map(([name]) =>
      Array.from(xmlOf(files, name).getElementsByTagName("networkConnector")).map((each) => each.getAttribute("uri")),
    );
    const uri =
      "masterslave:(tcp://10.0.0.2:61716,tcp://10.0.0.1:61716)?useExponentialBackOff=false&initialReconnectDelay=200";
    expect(uris).toEqual([[uri], [uri], [], []]);
  });

  it("writes no password that the description does not have in clear text", () => {
    const connectors = [{ from: "A", to: "B", username: "bridge", password: { file: "/run/secrets/b" } }];
    const text = exportTopology({ ...pair, connectors }, { target: "classic" }).get("brokerA1/activemq.xml");
    expect(text).toContain(`userName="bridge" password="\${A_TO_B_PASSWORD}"`);
  });

  it("for Artemis has an HA policy, a cluster connection each way and the pair's own members in it", () => {
    const files = exportTopology(generateTopology({ hostPairs: 1, shape: "line", product: "artemis" }), {
      target: "artemis",
    });
    const first = xmlOf(files, "brokerA1/broker.xml");
    expect(first.getElementsByTagName("primary")).toHaveLength(1);
    expect(xmlOf(files, "brokerA2/broker.xml").getElementsByTagName("backup")).toHaveLength(1);
    const refs = Array.from(first.getElementsByTagName("static-connectors")).map((each) =>
      each.textContent?.split(/\s+/).filter(Boolean),
    );
    expect(refs).toEqual([["brokerA2", "brokerB1", "brokerB2"]]);
  });

  it("for docker-compose has a service for each member, one volume for each group, and no address of a host", () => {
    const files = exportTopology(pair, { target: "compose" });
    const [compose] = yamlOf(files, "docker-compose.yml");
    expect(Object.keys(compose.services)).toEqual(["brokera1", "brokera2", "brokerb1", "brokerb2"]);
    expect(compose.services.brokera1.volumes[0]).toBe(compose.services.brokera2.volumes[0]);
    expect(Object.keys(compose.volumes)).toEqual(["store-a", "store-b"]);
    expect([...files.values()].join()).not.toContain("10.0.0.");
    expect(files.get("brokerA1/activemq.xml")).toContain("masterslave:(tcp://brokerb1:61716,tcp://brokerb2:61716)");
  });

  it("for Kubernetes forbids two members of a group on one node and in one zone", () => {
    const documents = yamlOf(exportTopology(pair, { target: "kubernetes" }), "kubernetes.yaml");
    expect(documents.map(({ kind }) => kind)).toEqual([
      ...["PersistentVolumeClaim", "PersistentVolumeClaim"],
      ...Array(4).fill(["ConfigMap", "Service", "StatefulSet"]).flat(),
    ]);
    for (const { kind, spec } of documents) {
      if (kind !== "StatefulSet") continue;
      const terms = spec.template.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
      expect(terms.map((term: { topologyKey: string }) => term.topologyKey)).toEqual([
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
      ]);
      expect(terms[0].labelSelector.matchLabels).toEqual({
        "masterslave-group": spec.template.metadata.labels["masterslave-group"],
      });
    }
    const map = documents.find(({ kind }) => kind === "ConfigMap");
    expect(map.data["activemq.xml"]).toBe(exportTopology(pair, { target: "compose" }).get("brokerA1/activemq.xml"));
  });

  it("for the bridge has the URI of each group and a link for each connector", () => {
    const text = exportTopology(pair, { target: "bridge" }).get("bridge.yaml") ?? "";
    expect(readConfigText(text).value).toEqual({
      groups: {
        A: { uri: "masterslave:(amqp://10.0.0.1:5672,amqp://10.0.0.2:5672)" },
        B: { uri: "masterslave:(amqp://10.0.0.2:5772,amqp://10.0.0.1:5772)" },
      },
      links: { "A-to-B": { from: "A", to: "B", include: ["queue://>", "topic://>"], duplex: true, maxHops: 1 } },
    });
  });

  it("of the wrong product, or without a port for the bridge, is refused with advice", () => {
    expect(() => exportTopology(pair, { target: "artemis" })).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
    const bare: Topology = {
      hosts: { h1: { address: "a" } },
      groups: {
        A: { members: [{ name: "a", host: "h1", ports: { openwire: 1 } }] },
        B: { members: [{ name: "b", host: "h1", ports: {} }] },
      },
      connectors: [{ from: "A", to: "B" }],
    };
    expect(() => exportTopology(bare, { target: "bridge" })).toThrow(/neither an amqp nor a stomp port/);
  });
});
