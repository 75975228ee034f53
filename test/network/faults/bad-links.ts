/** Links that are bad but not dead: the connection has to survive them. */
import { HostProgram } from "../lab/host-program.ts";
import type { LatencyProxyOperations } from "../lab/latency-proxy.ts";
import type { Fault, Scene } from "./fault.ts";

const PROXY = new URL("../lab/latency-proxy.ts", import.meta.url);
const proxies = new WeakMap<Scene, HostProgram<LatencyProxyOperations>>();

async function throughProxies(scene: Scene): Promise<string> {
  const { activeHost, standbyHost, protocol, port } = scene;
  const proxy = await HostProgram.start<LatencyProxyOperations>(scene.clientHost, PROXY);
  scene.cleanUp(() => proxy.close());
  proxies.set(scene, proxy);
  const targets = [activeHost, standbyHost].map(({ address: host }) => ({ host, port }));
  const ports = await proxy.call("lead", targets);
  return `masterslave:(${ports.map((each) => `${protocol}://127.0.0.1:${each}`).join(",")})`;
}

/** At 1 Mbit/s a body of 1 MiB takes eight seconds each way. */
export function slowLink(bodyBytes: number): Fault {
  return {
    name: `1 Mbit/s, bodies of ${bodyBytes / 2 ** 20} MiB`,
    what: "the client's cable carries 1 Mbit/s each way; one send at a time",
    consequence: "stays",
    load: { bodyBytes, window: 1 },
    options: { maxPendingBytes: 2 * bodyBytes },
    // Slow from the start: otherwise the slow link would have to carry the backlog of a fast one.
    prepare: async ({ clientHost, cleanUp }) => {
      cleanUp(() => clientHost.rate(undefined));
      await clientHost.rate(1_000_000);
    },
    strike: async () => {},
  };
}

export const BAD_LINKS: readonly Fault[] = [
  {
    name: "5 % loss",
    what: "each packet between client and brokers is lost with 5 %, both ways",
    consequence: "stays",
    strike: ({ clientHost }) => clientHost.lose(5),
  },
  {
    name: "300 ms latency",
    what: "each byte arrives 300 ms late, both ways",
    consequence: "stays",
    uri: throughProxies,
    strike: async (scene) => proxies.get(scene)?.call("delay", 300),
  },
];
