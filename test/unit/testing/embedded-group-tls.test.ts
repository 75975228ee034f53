/** A group with TLS: its own certificate, which clients trust by group.ca and by nothing else. */
import { connect as connectTcp } from "node:net";
import { describe, expect, it } from "vitest";
import { connect } from "../../../src/connect/connect.ts";
import { embeddedGroup } from "../../../src/testing/index.ts";
import { rejectionOf } from "../../support/toy-connection.ts";

describe("an embedded group with tls: true", () => {
  it.each([
    ["stomp", "stomp+ssl://"],
    ["amqp", "amqps://"],
  ] as const)(
    "carries a message over %s across a failover to a client that trusts group.ca",
    async (protocol, scheme) => {
      const group = await embeddedGroup({ inProcess: true, protocols: [protocol], tls: true });
      try {
        expect(group.uri(protocol)).toMatch(new RegExp(`^masterslave:\\(${scheme.replace("+", "\\+")}`));
        const connection = await connect(group.uri(protocol), { tls: { ca: group.ca } });
        await connection.send("queue://m", "1");
        const restored = new Promise((resolve) => connection.once("restored", resolve));
        await group.failover();
        await restored;
        const delivery = await connection.consume("queue://m").receive({ timeoutMs: 5_000 });
        expect(delivery?.message.text()).toBe("1");
        // Unsettled it would keep close() for the ten seconds of a drain.
        await delivery?.accept();
        await connection.close();
      } finally {
        await group.close();
      }
    },
  );

  it("is refused by a client that does not trust its certificate", async () => {
    const group = await embeddedGroup({ inProcess: true, protocols: ["stomp"], tls: true });
    try {
      const failure = await rejectionOf(connect(group.uri("stomp"), { initialConnect: "fail-fast" }));
      expect(failure.message).toMatch(/certificate/);
    } finally {
      await group.close();
    }
  });

  it("closes though a client is in the middle of its handshake", async () => {
    const group = await embeddedGroup({ inProcess: true, protocols: ["stomp"], tls: true });
    const [{ host, port } = { host: "", port: 0 }] = group.endpoints("stomp");
    const socket = connectTcp({ host, port });
    socket.on("error", () => {});
    const gone = new Promise((resolve) => socket.once("close", resolve));
    await new Promise((resolve) => socket.once("connect", resolve));
    await group.close();
    await gone;
  });

  it("refuses another value for tls, and has no ca without it", async () => {
    await expect(embeddedGroup({ inProcess: true, tls: {} as unknown as boolean })).rejects.toThrow(
      /tls is true or false/,
    );
    const group = await embeddedGroup({ inProcess: true });
    expect(group.ca).toBeUndefined();
    await group.close();
  });
});
