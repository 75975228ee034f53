/** Names of other clients in pasted URIs: each leads to the option that stands for it, and no limit is lost without a word. */
import { describe, expect, it } from "vitest";
import type { InvalidOptionError } from "../../../../src/errors/errors.ts";
import { parseMasterSlaveUri } from "../../../../src/uri/master-slave-uri.ts";
import { resolveOptions } from "../../../../src/uri/resolve-options.ts";

const GROUP = "failover:(stomp://a,stomp://b)";
const parsed = (query: string) => parseMasterSlaveUri(`${GROUP}?${query}`);

function errorOf(call: () => unknown): InvalidOptionError {
  try {
    call();
  } catch (error) {
    return error as InvalidOptionError;
  }
  throw new Error("nothing was thrown");
}

describe("transport.NAME", () => {
  it.each([
    ["transport.maxReconnectAttempts=3&transport.timeout=5000", { maxReconnectAttempts: 3, timeout: 5000 }],
    ["transport.startupMaxReconnectAttempts=2", { startupMaxReconnectAttempts: 2 }],
    ["transport.useReconnectBackOff=false", { useExponentialBackOff: false }],
    ["transport.maxreconnectattempts=4", { maxReconnectAttempts: 4 }],
    ["failover.transport.randomize=true", { randomize: true }],
    ["transport.timeout=1&timeout=2", { timeout: 2 }],
  ])("means NAME where the group has such an option: %s", (query, options) => {
    expect(parsed(query)).toMatchObject({ options, ignored: [] });
  });

  it("is refused in an endpoint, where the group's option cannot stand, and with a value it cannot take", () => {
    const inEndpoint = () => parseMasterSlaveUri("failover:(stomp://a?transport.maxReconnectAttempts=3,stomp://b)");
    expect(errorOf(inEndpoint)).toMatchObject({ code: "INVALID_OPTION", option: "maxReconnectAttempts" });
    expect(errorOf(() => parsed("transport.timeout=soon"))).toMatchObject({
      code: "INVALID_OPTION",
      option: "timeout",
    });
  });

  it("is ignored for the reason of NAME where NAME is ignored", () => {
    expect(parsed("transport.backup=true").ignored[0]?.reason).toContain("spare");
    expect(parsed("transport.useInactivityMonitor=true").ignored[0]?.reason).toContain("socket");
  });
});

describe("a limit of another client", () => {
  it.each([
    ["transport.connectTimeout=5000", "attemptTimeout"],
    ["transport.asyncTimeout=5000", "connectTimeoutMs"],
    ["jms.sendTimeout=1000", "write timeout"],
    ["jms.connectTimeout=1000", "connectTimeoutMs"],
    ["jms.requestTimeout=1000", "write timeout"],
    ["jms.connectResponseTimeout=1000", "attemptTimeout"],
    ["jms.maxReconnectAttempts=3", "write maxReconnectAttempts, without a prefix"],
    ["discovery.maxReconnectAttempts=3", "write maxReconnectAttempts, without a prefix"],
    ["socket.timeout=3", "write timeout, without a prefix"],
    ["nested.transport.connectTimeout=5", "attemptTimeout"],
    ["reconnectAttempts=5", "write maxReconnectAttempts"],
    ["initialConnectAttempts=5", "write startupMaxReconnectAttempts"],
    ["callTimeout=5", "write timeout"],
    ["nms.requestTimeout=5", "write timeout"],
    ["provider.someTimeout=7", "the limits here are connectTimeoutMs"],
    ["jms.retryAttempts=0", "the limits here are connectTimeoutMs"],
  ])("is an error with advice: %s", (query, advice) => {
    const error = errorOf(() => parsed(query));
    expect(error).toMatchObject({ code: "UNKNOWN_OPTION" });
    expect(error.message).toContain(advice);
  });

  it.each([
    "jms.sendTimeout=0",
    "transport.connectTimeout=-1",
    "jms.connectTimeout",
    "amqp.idleTimeout=60000",
    "jms.closeTimeout=5",
  ])("is ignored where it limits nothing, or less than is kept here anyway: %s", (query) => {
    expect(parsed(query).ignored).toHaveLength(1);
  });

  it("is told in code as well", () => {
    const error = errorOf(() => resolveOptions(parsed("timeout=1"), { connectTimeout: 5 } as object));
    expect(error.message).toContain("write attemptTimeout for one attempt");
  });
});

describe("a TLS setting of another client", () => {
  it.each([
    ["verifyHostName=false", "tls.checkServerIdentity"],
    ["verifyHost=false", "tls.checkServerIdentity"],
    ["trustStore=/a", "tls.caFile"],
    ["trustStorePath=/a", "tls.caFile"],
    ["trustStoreLocation=/a", "tls.caFile"],
    ["trustStorePassword=s3cret", "tls.caFile"],
    ["keyStorePath=/a", "tls.pfxFile"],
    ["keyStorePassword=s3cret", "tls.passphrase"],
    ["enabledProtocols=TLSv1.3", "tls.minVersion"],
    ["enabledCipherSuites=A", "tls.ciphers"],
    ["trustAll=true", "tls.rejectUnauthorized"],
    ["sslEnabled=true", "the scheme"],
    ["sniHost=a", "tls.servername"],
    ["crlPath=/a", "tls.crlFile"],
    ["javax.net.ssl.trustStore=/a", "tls.caFile"],
    ["nms.ssl.whatever=1", "the tls option of connect()"],
  ])("is an error that names our option: %s", (query, advice) => {
    const error = errorOf(() => parsed(query));
    expect(error).toMatchObject({ code: "UNKNOWN_OPTION" });
    expect(error.message).toContain("TLS is set by");
    expect(error.message).toContain(advice);
    expect(error.message).not.toMatch(/s3cret|did you mean/);
  });

  it.each([
    ["socket.verifyHostName=false", "tls.checkServerIdentity"],
    ["transport.verifyHost=false", "tls.checkServerIdentity"],
    ["transport.trustStoreLocation=/a", "tls.caFile"],
    ["transport.keyStorePassword=s3cret", "tls.passphrase"],
    ["transport.acceptInvalidBrokerCert=true", "tls.rejectUnauthorized"],
    ["transport.clientCertFilename=/a", "tls.certFile"],
    ["transport.serverName=a", "tls.servername"],
    ["socket.enabledProtocols=TLSv1.3", "tls.minVersion"],
    ["transport.sslProtocol=Tls12", "tls.minVersion"],
  ])("with a prefix that is ignored has a reason that names our option: %s", (query, advice) => {
    const { ignored } = parsed(query);
    expect(ignored[0]?.reason).toContain(advice);
    expect(JSON.stringify(ignored)).not.toContain("s3cret");
  });

  it("is told in code as well", () => {
    const error = errorOf(() => resolveOptions(parsed("timeout=1"), { trustStore: "/a" } as object));
    expect(error.message).toContain("tls.caFile");
  });
});

describe("a login of another client", () => {
  it.each(["username=u", "user=u", "password=s3cret", "connection.userName=u"])(
    "is an error that names credentials: %s",
    (query) => {
      const error = errorOf(() => parsed(query));
      expect(error.message).toContain("credentials: { username, password }");
      expect(error.message).not.toContain("s3cret");
    },
  );

  it.each(["jms.username=u", "jms.userName=u", "jms.password=s3cret", "amqp.user=u"])(
    "has a reason that names credentials: %s",
    (query) => {
      const { ignored } = parsed(query);
      expect(ignored[0]).toMatchObject({
        value: "***",
        reason: expect.stringContaining("credentials: { username, password }"),
      });
    },
  );
});

describe("commas and semicolons between options", () => {
  it.each([
    ["a=1;verifyHostName=false", "semicolon", "%3B"],
    ["jms.x=1;verifyHostName=false", "semicolon", "%3B"],
    ["timeout=5,randomize=true", "comma", "%2C"],
    ["clientId=a,b=c", "comma", "%2C"],
    ["trackMessages;backup=true", "semicolon", "%3B"],
    ["jms.password=a;transport.x=1", "semicolon", "%3B"],
  ])("are named: %s", (query, sign, code) => {
    const error = errorOf(() => parsed(query));
    expect(error).toMatchObject({ code: "INVALID_URI" });
    expect(error.message).toContain(`Options are separated by &, not by a ${sign}`);
    expect(error.message).toContain(code);
  });

  it("are taken where no other option follows, or where they are encoded", () => {
    expect(parsed("clientId=a,b").options).toEqual({ clientId: "a,b" });
    expect(parsed("clientId=a%3Bb=c").options).toEqual({ clientId: "a;b=c" });
    expect(parsed("priorityURIs=tcp://a:1,tcp://b:2").ignored).toHaveLength(1);
  });

  it("are told in the list of endpoints", () => {
    const text = "failover:(stomp://a?protocol=stomp,timeout=5)";
    expect(errorOf(() => parseMasterSlaveUri(text)).message).toContain("separated by &, not by a comma");
  });
});

describe("an outer prefix", () => {
  it.each([
    [
      "activemq:failover:(stomp://a,stomp://b)",
      "The outer prefix activemq: has no meaning here; remove it: begin with failover:",
    ],
    ["activemq:tcp://a:61613", "begin with tcp:"],
    ["activemq://failover:(stomp://a)", "begin with failover:"],
    ["nms:stomp://a", "begin with stomp:"],
    ["stomp:failover:(tcp://a:1)", "begin with failover:, and write stomp:// for its endpoints"],
    ["stomp:tcp://a:61613", "begin with tcp:, and write stomp:// for its endpoints"],
    ["amqp:failover:(tcp://a:1)", "and write amqp:// for its endpoints"],
    ["jms:masterslave:(stomp://a,stomp://b)", "begin with masterslave:"],
  ])("is told with what to write: %s", (text, advice) => {
    expect(errorOf(() => parseMasterSlaveUri(text))).toMatchObject({
      code: "INVALID_URI",
      message: expect.stringContaining(advice),
    });
  });

  it("is not seen in hosts and users with such names, nor are passwords shown", () => {
    expect(parseMasterSlaveUri("stomp://tcp:61613").endpoints[0]).toMatchObject({ host: "tcp", port: 61613 });
    expect(parseMasterSlaveUri("stomp://failover:pass@a").endpoints[0]).toMatchObject({ host: "a" });
    const shown = errorOf(() => parseMasterSlaveUri("s3cret:tcp://u:s3cret@a:1")).message;
    expect(shown).not.toContain("s3cret");
  });
});
