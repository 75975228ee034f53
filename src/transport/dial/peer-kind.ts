/** Recognises a peer's protocol by its first bytes, so that an error about a wrong port can name it. */
import { type EndpointScheme, isSecure } from "../../uri/endpoint.ts";

interface PeerKind {
  readonly speaks: string;
  readonly advice: string;
  readonly matches: (bytes: Buffer) => boolean;
}

const startsWith = (text: string) => (bytes: Buffer) => bytes.subarray(0, text.length).toString("latin1") === text;

const PEER_KINDS: readonly PeerKind[] = [
  {
    speaks: "OpenWire",
    advice: "use the STOMP or AMQP port",
    // OpenWire sends a WireFormatInfo unasked: four bytes of size, type 1, the magic "ActiveMQ".
    matches: (bytes) => bytes[4] === 1 && bytes.subarray(5, 13).toString("latin1") === "ActiveMQ",
  },
  {
    speaks: "TLS",
    advice: "use stomp+ssl://, amqps:// or ssl://",
    matches: (bytes) => (bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 3,
  },
  { speaks: "HTTP", advice: "use the broker's STOMP or AMQP port", matches: startsWith("HTTP/") },
  {
    speaks: "AMQP 0-9-1",
    advice: "AMQP 1.0 and STOMP are what is spoken here",
    matches: startsWith("AMQP\x00\x00\x09"),
  },
  { speaks: "AMQP 1.0", advice: "use amqp:// for this port", matches: startsWith("AMQP") },
  { speaks: "STOMP", advice: "use stomp:// for this port", matches: startsWith("ERROR\n") },
  { speaks: "STOMP", advice: "use stomp:// for this port", matches: startsWith("CONNECTED\n") },
  { speaks: "SSH", advice: "use the broker's STOMP or AMQP port", matches: startsWith("SSH-") },
];

/** What silence after connecting may mean: Artemis's TLS port does not answer the eight bytes that AMQP begins with. */
export function whySilent(endpoint: { readonly scheme: EndpointScheme }): string {
  const stage = "connected, its handshake unanswered";
  return isSecure(endpoint) ? stage : `${stage}: it may be a TLS port, or another protocol's`;
}

/**
 * What a close without an answer may mean: Node's TLS, Artemis's TLS and a standby behind a proxy all end like this.
 */
export function whyClosed(endpoint: { readonly scheme: EndpointScheme }): string {
  const idle = "nobody may be active behind this port yet";
  if (!isSecure(endpoint)) return `${idle}, or it is a TLS port (use stomp+ssl:// or amqps:// then)`;
  return `${idle}, or it wants another client certificate than it got (tls.certFile, tls.keyFile)`;
}

/** For example `speaks OpenWire, use the STOMP or AMQP port`; undefined for unknown bytes. */
export function describePeer(firstBytes: Buffer): string | undefined {
  const kind = PEER_KINDS.find(({ matches }) => matches(firstBytes));
  return kind && `speaks ${kind.speaks}, ${kind.advice}`;
}
