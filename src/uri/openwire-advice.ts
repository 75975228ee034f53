/** The advice in errors about tcp:// and ssl:// endpoints without a protocol, as in URIs of Java clients. */
import type { Endpoint, EndpointScheme } from "./endpoint.ts";
import { formatMasterSlaveUri } from "./format-master-slave-uri.ts";
import type { MasterSlaveUri } from "./master-slave-uri.ts";
import { OPENWIRE } from "./pasted.ts";

/** The default ports of the brokers for OpenWire, and those for STOMP and AMQP beside them. */
const USUAL_PORTS = {
  stomp: { plain: 61613, secure: 61614 },
  amqp: { plain: 5672, secure: 5671 },
} as const;
type Protocol = keyof typeof USUAL_PORTS;
/** Java's default ports. Other ports are kept, because they may be all that distinguishes two members on one host. */
const OPENWIRE_PORTS = { tcp: 61616, ssl: 61617 } as const;

/** Returns the advice for tcp:// and ssl:// endpoints if nothing names a protocol, with the URIs to use instead. */
export function openWireAdvice(uri: MasterSlaveUri): string {
  const [stomp, amqp] = (["stomp", "amqp"] as const).map((protocol) => inProtocol(uri, protocol));
  const login = uri.endpoints.some(({ credentials }) => credentials)
    ? ", each with its user and password as before"
    : "";
  return `tcp:// and ssl:// do not name a protocol. ${OPENWIRE}: write ${stomp} or ${amqp}${login}. If the port you gave speaks STOMP or AMQP, keep it, or say protocol: "stomp" or "amqp"`;
}

function inProtocol(uri: MasterSlaveUri, protocol: Protocol): string {
  const endpoints = uri.endpoints.map(({ scheme, host, port, options }): Endpoint => {
    const secure = scheme === "ssl";
    const foreign = OPENWIRE_PORTS[secure ? "ssl" : "tcp"];
    const usual = USUAL_PORTS[protocol][secure ? "secure" : "plain"];
    return { scheme: schemeOf(protocol, secure), host, port: port === foreign ? usual : port, options };
  });
  const scheme = uri.scheme === "masterslave" || uri.scheme === "failover" ? uri.scheme : endpoints[0]?.scheme;
  return formatMasterSlaveUri({ scheme: scheme ?? "stomp", endpoints, options: uri.options, ignored: [] });
}

function schemeOf(protocol: Protocol, secure: boolean): EndpointScheme {
  if (protocol === "amqp") return secure ? "amqps" : "amqp";
  return secure ? "stomp+ssl" : "stomp";
}
