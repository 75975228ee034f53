/** The memory of an idle connection, measured with a few hundred connections from one process to a group in another. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { embeddedGroup } from "masterslave-transport/testing";

export interface IdleCost {
  readonly client: string;
  /** Bytes for each connection. */
  readonly heap: number;
  readonly external: number;
  /** Bytes of the whole process with twice as many connections, and the part of it that V8 has not given back. */
  readonly processRss: number;
}

const PROGRAM = fileURLToPath(new URL("idle-process.ts", import.meta.url));
const NAMES = { ours: "ours", library: "the library alone" } as const;

export async function measureIdle(connections: number): Promise<IdleCost[]> {
  const costs: IdleCost[] = [];
  for (const protocol of ["stomp", "amqp"] as const) {
    const group = await embeddedGroup({ members: 1, protocols: [protocol] });
    try {
      const [endpoint] = group.endpoints(protocol);
      if (!endpoint) throw new Error("the group has no endpoint");
      for (const client of ["ours", "library"] as const) {
        const args = [protocol, client, endpoint.port, connections].map(String);
        const node = ["--expose-gc", "--import", "tsx", PROGRAM, ...args];
        const { stdout } = await promisify(execFile)(process.execPath, node);
        costs.push({ client: `${protocol}, ${NAMES[client]}`, ...(JSON.parse(stdout) as Omit<IdleCost, "client">) });
      }
    } finally {
      await group.close();
    }
  }
  return costs;
}
