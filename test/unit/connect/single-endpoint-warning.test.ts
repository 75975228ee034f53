/** A masterslave: URI with one endpoint serves a developer's single broker, and says that it is no group. */
import { describe, expect, it } from "vitest";
import { forbidUnhandledRejections } from "../../support/toy-connection.ts";
import { warningsOf } from "../../support/warnings-of.ts";

forbidUnhandledRejections();

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
