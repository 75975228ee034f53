/** First bytes that real peers send, and what they are called. */
import { describe, expect, it } from "vitest";
import { describePeer } from "../../../../src/transport/dial/peer-kind.ts";

const text = (latin1: string) => Buffer.from(latin1, "latin1");

describe("describePeer", () => {
  it.each([
    ["OpenWire", Buffer.concat([Buffer.from([0, 0, 1, 0xae, 1]), text("ActiveMQ\x00\x00\x00\x0c")])],
    ["TLS", Buffer.from([0x15, 3, 1, 0, 2, 2, 22])],
    ["TLS", Buffer.from([0x16, 3, 3, 0, 80])],
    ["HTTP", text("HTTP/1.1 400 Bad Request\r\n")],
    ["AMQP 0-9-1", text("AMQP\x00\x00\x09\x01")],
    ["AMQP 1.0", text("AMQP\x03\x01\x00\x00")],
    ["STOMP", text("ERROR\ncontent-type:text/plain")],
    ["STOMP", text("CONNECTED\nversion:1.2")],
    ["SSH", text("SSH-2.0-OpenSSH_9.2")],
  ])("calls %s by its name", (name, bytes) => {
    expect(describePeer(bytes)).toMatch(new RegExp(`^speaks ${name.replaceAll(".", "\\.")}, \\S`));
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["too little", text("AM")],
    ["noise", text("\x00\x01\x02\x03 noise")],
  ])("says nothing of %s", (_, bytes) => {
    expect(describePeer(bytes)).toBeUndefined();
  });
});
