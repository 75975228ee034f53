/** A masterslave: URI with one endpoint serves a developer's single broker, and says that it is no group. */
import { describe, expect, it } from "vitest";
import { composeConnection } from "../../../src/connect/create-connection.ts";
import type { ConnectionWarning } from "../../../src/messaging/port/adapter-settings.ts";
import { forbidUnhandledRejections } from "../../support/toy-connection.ts";
import { ToyBroker } from "../../support/toy-messaging-session.ts";

forbidUnhandledRejections();

async function warningsOf(uri: string): Promise<readonly ConnectionWarning[]> {
  const broker = new ToyBroker();
  const connection = composeConnection(uri, {}, async () => () => broker.open);
  const warnings: ConnectionWarning[] = [];
  connection.on("warning", (warning) => warnings.push(warning));
  await connection.connect();
  const restored = new Promise((resolve) => connection.once("restored", resolve));
  broker.session.die();
  await restored;
  await connection.close();
  return warnings;
}

describe("a masterslave: URI with one endpoint", () => {
  it("is taken, with one warning for the life of the connection that names the endpoint", async () => {
    const [warning, ...more] = await warningsOf("masterslave:(stomp://127.0.0.1:1)");
    expect(more).toEqual([]);
    expect(warning).toMatchObject({ code: "SINGLE_ENDPOINT", endpoint: { host: "127.0.0.1", port: 1 } });
    expect(warning?.message).toContain("has one endpoint, stomp://127.0.0.1:1");
  });

  it.each([
    "failover:(stomp://127.0.0.1:1)",
    "stomp://127.0.0.1:1",
    "masterslave:(stomp://127.0.0.1:1,stomp://127.0.0.1:2)",
  ])("unlike %s, which raises no warning", async (uri) => expect(await warningsOf(uri)).toEqual([]));
});
