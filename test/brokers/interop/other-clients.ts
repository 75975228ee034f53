/** Clients that are not part of this repository, each with a small program of ours around it. */
import { fileURLToPath } from "node:url";
import type { Connector, Product, RealGroup } from "../group-contract.ts";
import { JAVA_CLIENT_VERSIONS, jmsPeerJars } from "../maven-jars.ts";
import { ClientProcess } from "./client-process.ts";
import type { InteropClient } from "./interop-client.ts";
import { PYTHON_CLIENT_VERSIONS, pythonWithClients } from "./python-environment.ts";

export const OTHER_CLIENTS = ["activemq-client", "qpid-jms", "stomp.py", "proton"] as const;
export type OtherClient = (typeof OTHER_CLIENTS)[number];

/** What each client is, and which protocols it speaks. */
export const CLIENT_TITLES: Readonly<Record<OtherClient, string>> = {
  "activemq-client": `ActiveMQ's Java client ${JAVA_CLIENT_VERSIONS["activemq-client"]} over OpenWire`,
  "qpid-jms": `Qpid JMS ${JAVA_CLIENT_VERSIONS["qpid-jms-client"]} over AMQP`,
  "stomp.py": `stomp.py ${PYTHON_CLIENT_VERSIONS["stomp.py"]} over STOMP`,
  proton: `Qpid Proton for Python ${PYTHON_CLIENT_VERSIONS["python-qpid-proton"]} over AMQP`,
};

/** Connects it to the first member; `connector` is needed where the client does not use its usual one. */
export async function startOtherClient(
  client: OtherClient,
  group: RealGroup,
  connector?: Connector,
): Promise<InteropClient> {
  switch (client) {
    case "activemq-client":
      // The test brokers send no advisories. A client that relies on them takes every temporary queue for deleted.
      return startJms("activemq", group, "tcp", connector ?? "openwire", "?jms.watchTopicAdvisories=false");
    case "qpid-jms":
      return startJms("qpid", group, "amqp", connector ?? "amqp", "");
    case "stomp.py":
      return startPython("stomp_peer.py", group, connector ?? "stomp");
    case "proton":
      return startPython("proton_peer.py", group, connector ?? "amqp");
  }
}

async function startJms(
  client: string,
  group: RealGroup,
  scheme: string,
  connector: Connector,
  query: string,
): Promise<InteropClient> {
  const { classPath, mainClass } = await jmsPeerJars();
  const { host, port } = group.endpoint("a", connector);
  const { username, password } = group.credentials;
  const options = [
    "-Xmx128m",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Dorg.slf4j.simpleLogger.logFile=System.err",
  ];
  const url = `${scheme}://${host}:${port}${query}`;
  return new ClientProcess(client, "java", [...options, "-cp", classPath, mainClass, client, url, username, password]);
}

async function startPython(program: string, group: RealGroup, connector: Connector): Promise<InteropClient> {
  const path = fileURLToPath(new URL(`./python/${program}`, import.meta.url));
  const { host, port } = group.endpoint("a", connector);
  const { username, password } = group.credentials;
  const product: Product = group.product;
  return new ClientProcess(program, await pythonWithClients(), [path, product, host, String(port), username, password]);
}
