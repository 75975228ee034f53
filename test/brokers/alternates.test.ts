/**
 * Alternates from a real broker: the active member of an Artemis pair with a cluster connection tells every AMQP client
 * where its backup is.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AlternatesPolicy } from "../../src/connect/alternates.ts";
import { createConnection } from "../../src/connect/connect.ts";
import type { ConnectionOptions } from "../../src/connect/connect-options.ts";
import { detectWay, type RealGroup, startGroup } from "./real-group.ts";

describe.runIf((await detectWay()) === "maven")("an endpoint that Artemis names", () => {
  let group: RealGroup;
  beforeAll(async () => {
    group = await startGroup("artemis", { kind: "shared-store-failback" });
  }, 600_000);
  afterAll(() => group?.close());

  /** Collects the alternates that a connection to this host gets until it is closed. */
  const told = async (host: string, options: ConnectionOptions) => {
    const { port } = group.endpoint("a", "amqp");
    const connection = createConnection(`amqp://${host}:${port}`, { credentials: group.credentials, ...options });
    const [added, refused]: [string[], string[]] = [[], []];
    connection.on("alternate", ({ endpoint }) => added.push(`${endpoint.host}:${endpoint.port}`));
    connection.on("warning", ({ code, message }) => code === "ALTERNATE_REFUSED" && refused.push(message));
    await connection.connect();
    await connection.send("queue://open.alternates", "x");
    await connection.close({ drainTimeoutMs: 200 });
    return { added, refused };
  };
  /** Artemis gives the address of the backup's connector for the cluster. */
  const named = () => `127.0.0.1:${group.endpoint("b", "openwire").port}`;

  it("is tried if its host is in the URI, whatever its port", async () => {
    expect(await told("127.0.0.1", {})).toEqual({ added: [named()], refused: [] });
  });

  it("is not tried if its host is not in the URI, and a warning says what to write", async () => {
    const { added, refused } = await told("localhost", {});
    expect(added).toEqual([]);
    expect(refused).toEqual([expect.stringContaining(`amqp://${named()}`)]);
    expect(refused[0]).toContain(`alternates: ({ host }) => host === "127.0.0.1"`);
  });

  it.each<[string, AlternatesPolicy]>([
    ["any", "any"],
    ["a function that knows it", ({ host }) => host === "127.0.0.1"],
  ])("is tried, stranger or not, where the option alternates is %s", async (_, alternates) => {
    expect(await told("localhost", { alternates })).toEqual({ added: [named()], refused: [] });
  });
});
