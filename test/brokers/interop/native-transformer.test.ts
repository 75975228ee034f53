/**
 * How Classic passes on AMQP messages with its default transformer, `native`, and with `jms`, which groups with clients
 * of several protocols need.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Connector } from "../group-contract.ts";
import { type RealGroup, startGroup } from "../real-group.ts";
import type { InteropClient, SeenMessage, SentMessage } from "./interop-client.ts";
import { startOtherClient } from "./other-clients.ts";
import { startOurs } from "./our-client.ts";

const TEXT = "Grüße 😀";
const MESSAGE: SentMessage = { text: TEXT, properties: { colour: { type: "string", value: "red" } } };

describe("the AMQP connectors of a real classic", () => {
  let group: RealGroup;
  let queues = 0;
  const clients: InteropClient[] = [];
  let stompPy: InteropClient;
  let activemq: InteropClient;
  let proton: InteropClient;

  async function start(client: Promise<InteropClient>): Promise<InteropClient> {
    clients.push(await client);
    return client;
  }

  beforeAll(async () => {
    group = await startGroup("classic");
    stompPy = await start(startOtherClient("stomp.py", group));
    activemq = await start(startOtherClient("activemq-client", group));
    proton = await start(startOtherClient("proton", group));
  }, 600_000);
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await group?.close();
  });

  async function exchange(sender: InteropClient, receiver: InteropClient): Promise<SeenMessage> {
    queues += 1;
    await sender.send(`queue://transformed.${queues}`, MESSAGE);
    return receiver.receive(`queue://transformed.${queues}`);
  }

  const senders = [
    ["this package", (connector: Connector) => start(startOurs("amqp", group, connector))],
    ["Qpid JMS", (connector: Connector) => start(startOtherClient("qpid-jms", group, connector))],
  ] as const;

  describe.each(senders)("with a message from %s", (_, sending) => {
    it("hand text to STOMP and OpenWire consumers with transport.transformer=jms", async () => {
      const sender = await sending("amqp");
      for (const receiver of [stompPy, activemq]) {
        const { kind, text, properties } = await exchange(sender, receiver);
        expect({ kind, text, colour: properties["colour"]?.value }).toEqual({
          kind: "text",
          text: TEXT,
          colour: "red",
        });
      }
    });

    it("hand STOMP and OpenWire consumers the encoded AMQP message as bytes by default, properties aside", async () => {
      const sender = await sending("amqp-native");
      for (const receiver of [stompPy, activemq]) {
        const { kind, base64, properties } = await exchange(sender, receiver);
        const encoded = Buffer.from(base64 ?? "", "base64");
        expect({ kind, colour: properties["colour"]?.value }).toEqual({ kind: "bytes", colour: "red" });
        expect(String(properties["JMS_AMQP_NATIVE"]?.value)).toBe("true");
        // A section of an AMQP message (AMQP 1.0, 3.2), with the text somewhere in it.
        expect(encoded.subarray(0, 2)).toEqual(Buffer.from([0x00, 0x53]));
        expect(encoded.includes(TEXT) && encoded.length > Buffer.byteLength(TEXT)).toBe(true);
      }
    });

    it("hand text to AMQP consumers either way, whichever connector they use", async () => {
      for (const connector of ["amqp", "amqp-native"] as const) {
        const { kind, text } = await exchange(await sending(connector), proton);
        expect({ kind, text }).toEqual({ kind: "text", text: TEXT });
      }
    });
  });

  it.each(["amqp", "amqp-native"] as const)("hand text from STOMP to AMQP consumers of %s", async (connector) => {
    const receiver = await start(startOurs("amqp", group, connector));
    const { kind, text } = await exchange(stompPy, receiver);
    expect({ kind, text }).toEqual({ kind: "text", text: TEXT });
  });
});
