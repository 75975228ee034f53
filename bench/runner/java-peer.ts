/** The Java clients as peers: one program for both, run by the virtual machine. */
import { jmsPeerJars } from "../../test/brokers/maven-jars.ts";
import type { RealGroup } from "../../test/brokers/real-group.ts";
import type { Workload } from "../driver/workload.ts";

const JAVA_PEERS = ["activemq-java", "qpid-jms"] as const;
type JavaPeer = (typeof JAVA_PEERS)[number];

export function isJava(peer: string): peer is JavaPeer {
  return (JAVA_PEERS as readonly string[]).includes(peer);
}

/** Uses the JVM's default compiler settings: the client is measured after a long warm-up. */
export async function javaCommand(
  peer: JavaPeer,
  { credentials, prefetch }: Workload,
  group: RealGroup,
): Promise<readonly [command: string, ...parameters: string[]]> {
  const { classPath } = await jmsPeerJars();
  const { username, password } = credentials;
  const login = [username, password] as const;
  const java = [
    "java",
    "-Xmx512m",
    "-Dorg.slf4j.simpleLogger.logFile=System.err",
    "-cp",
    classPath,
    "JmsBench",
  ] as const;
  if (peer === "qpid-jms") {
    const { host, port } = group.endpoint("a", "amqp");
    return [...java, "qpid", `amqp://${host}:${port}?jms.prefetchPolicy.all=${prefetch}`, ...login];
  }
  const { host, port } = group.endpoint("a", "openwire");
  const query = `jms.watchTopicAdvisories=false&jms.prefetchPolicy.queuePrefetch=${prefetch}`;
  return [...java, "activemq", `tcp://${host}:${port}?${query}`, ...login];
}
