/** URIs of other programs, pasted: each error says what the text was and prints what to write instead. */
import { describe, expect, it } from "vitest";
import { createConnection } from "../../../src/connect/connect.ts";
import { parseMasterSlaveUri } from "../../../src/uri/master-slave-uri.ts";

function messageOf(text: string): string {
  try {
    createConnection(text);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`Accepted: ${text}`);
}

describe("a pasted URI of another program", () => {
  it.each([
    [
      "failover:(tcp://a:61616,tcp://b:61616)?randomize=false",
      "failover:(stomp://a:61613,stomp://b:61613)?randomize=false",
    ],
    [
      "failover:(tcp://a:61616,tcp://b:61616)?randomize=false",
      "failover:(amqp://a:5672,amqp://b:5672)?randomize=false",
    ],
    [
      "failover:(tcp://a:61616?wireFormat.x=0,tcp://b:61616)?jms.userName=u&jms.password=s3cret",
      "failover:(stomp://a:61613,stomp://b:61613) or",
    ],
    ["failover:tcp://a:61616", "failover:(stomp://a:61613)"],
    ["tcp://a:61616", "stomp://a:61613 or amqp://a:5672"],
    ["tcp://a:5000", "stomp://a:5000"],
    ["failover:(tcp://h:61616,tcp://h:61617)", "failover:(stomp://h:61613,stomp://h:61617)"],
    [
      "masterslave:(ssl://a:61617,ssl://b:61617)",
      "masterslave:(stomp+ssl://a:61614,stomp+ssl://b:61614) or masterslave:(amqps://a:5671,amqps://b:5671)",
    ],
    ["nio://a:61616", "stomp://a:61613"],
    [
      "failover:(nio+ssl://a:61616,nio+ssl://b:61616)?timeout=3",
      "failover:(stomp+ssl://a:61614,stomp+ssl://b:61614)?timeout=3",
    ],
    ["http://h:8161", "stomp://h:61613"],
    ["https://h:8162/admin", "stomp+ssl://"],
    ["masterslave:(http://a:8161,http://b:8161)", "masterslave:(stomp://a:61613,stomp://b:61613)"],
    ["ws://a:61614", "stomp://a:61613"],
    ["mqtt://a:1883", "stomp://a:61613"],
    ["stomp://a:1,stomp://b:1", "masterslave:(stomp://a:1,stomp://b:1)"],
    ["stomp://a:1, amqp://[::1]:2?timeout=5", "masterslave:(stomp://a:1,amqp://[::1]:2)?timeout=5"],
    ["stomp://a:1,tcp://u:p@b:1", "masterslave:(stomp://…"],
  ])("%s is answered with %s", (text, written) => {
    expect(messageOf(text)).toContain(written);
  });

  it.each(["tcp://a:61616", "nio://a:61616", "failover:(nio://a:1,nio://b:2)"])(
    "%s is told that OpenWire is not spoken, and the usual ports",
    (text) => expect(messageOf(text)).toMatch(/OpenWire.* is not spoken here.*61613.*5672/),
  );

  it.each([
    "failover:(tcp://u:s3cret@a:61616,tcp://b:61616)",
    "nio://u:s3cret@a:61616",
    "http://u:s3cret@h:8161",
    "stomp://u:s3cret@a:1,stomp://b:1",
    "stomp://u:s3cret,stomp://b:1",
    "nio://u:s3cret",
    "nio://a:1?jms.password=s3cret",
  ])("%s shows no password in its error", (text) => {
    expect(messageOf(text)).not.toContain("s3cret");
  });

  it("a suggested URI is one that is taken", () => {
    const text = messageOf("failover:(tcp://a:61616,tcp://b:61616)?randomize=false");
    const suggested = text.match(/failover:\(\S+/g) ?? [];
    expect(suggested).toHaveLength(2);
    for (const uri of suggested) expect(() => parseMasterSlaveUri(uri.replace(/\.$/, ""))).not.toThrow();
  });

  it("commas in the options of one endpoint make no group of it", () => {
    expect(parseMasterSlaveUri("amqp://a:1?saslMechanisms=PLAIN,ANONYMOUS").endpoints).toHaveLength(1);
  });
});
