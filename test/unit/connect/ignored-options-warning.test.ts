/** Options of a pasted URI that have no effect are told without being asked for. */
import { describe, expect, it } from "vitest";
import { createConnection } from "../../../src/connect/connect.ts";
import { MasterSlaveTransport } from "../../../src/transport/group-transport.ts";
import { forbidUnhandledRejections, rejectionOf } from "../../support/toy-connection.ts";
import { warningsOf } from "../../support/warnings-of.ts";

forbidUnhandledRejections();
const GROUP = "failover:(stomp://127.0.0.1:1,stomp://127.0.0.1:2)?initialConnect=fail-fast";

describe("ignored options", () => {
  it("raise one warning for the life of a connection, with each name and reason and no value", async () => {
    const [warning, ...more] = await warningsOf(`${GROUP}&jms.password=s3cret&backup=true&nested.soTimeout=7`);
    expect(more).toEqual([]);
    expect(warning).toMatchObject({ code: "OPTIONS_IGNORED", endpoint: undefined });
    expect(warning?.message).toMatch(
      /jms\.password \(.*credentials.*\), backup \(no spare.*\), nested\.soTimeout \(.*socket/,
    );
    expect(warning?.message).not.toContain("s3cret");
  });

  it("raise no warning where there are none, and name twenty at the most", async () => {
    expect(await warningsOf(GROUP)).toEqual([]);
    const many = Array.from({ length: 500 }, (_, index) => `&jms.x${index}=1`).join("");
    const [warning] = await warningsOf(GROUP + many);
    expect(warning?.message).toMatch(/jms\.x19 \(.*\), and 480 more$/);
  });

  it("are named in one line of NO_ACTIVE_ENDPOINT, and in none where there are none", async () => {
    const failure = await rejectionOf(createConnection(`${GROUP}&backup=true&jms.x=s3cret`).connect());
    expect(failure).toMatchObject({ code: "NO_ACTIVE_ENDPOINT" });
    const lines = failure.message.split("\n");
    expect(lines.at(-1)).toBe("  Ignored options of the URI: backup, jms.x");
    expect(lines).toHaveLength(4);
    const plain = await rejectionOf(createConnection(GROUP).connect());
    expect(plain.message).not.toContain("Ignored");
  });

  it("are named for a transport of one's own as well", async () => {
    const transport = new MasterSlaveTransport({
      group: `${GROUP}&trackMessages=true`,
      open: async () =>
        Promise.reject(Object.assign(new Error("refused"), { code: "ECONNREFUSED", syscall: "connect" })),
    });
    const failure = await rejectionOf(transport.connect());
    expect(failure.message).toContain("\n  Ignored options of the URI: trackMessages");
  });
});
