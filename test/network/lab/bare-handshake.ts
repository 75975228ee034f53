/**
 * The reference for a new client: the TCP connect and the protocol's handshake over a bare socket, without a library.
 */
import { connect } from "node:net";
import type { Credentials } from "../../../src/uri/endpoint.ts";
import type { Protocol } from "../../brokers/group-contract.ts";
import { AMQP_HEADER, openLink, PERFORMATIVE, SASL_HEADER, saslPlain, takeFrames } from "../../brokers/raw-amqp.ts";
import { connectFrame } from "../../brokers/stomp-probe.ts";
import { now } from "./shared-clock.ts";

const PATIENCE_MS = 10_000;

/** Reads what arrived, answers, and returns true when the handshake is finished. */
type Conversation = (chunk: Buffer, write: (bytes: Buffer) => void) => boolean;

/** Resolves with the time in ms until STOMP's CONNECTED or AMQP's open has been read. */
export function bareHandshake(
  endpoint: { readonly host: string; readonly port: number },
  protocol: Protocol,
  credentials: Credentials,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = now();
    const converse = protocol === "stomp" ? untilConnected() : untilOpen();
    const socket = connect({ ...endpoint, noDelay: true }, () => {
      const { username, password } = credentials;
      socket.write(
        protocol === "stomp" ? connectFrame(credentials) : Buffer.concat([SASL_HEADER, saslPlain(username, password)]),
      );
    });
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`No handshake within ${PATIENCE_MS} ms`)));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("The broker closed before the handshake was done")));
    socket.on("data", (chunk) => {
      if (!converse(chunk, (bytes) => socket.write(bytes))) return;
      resolve(now() - startedAt);
      socket.destroy();
    });
  });
}

function untilConnected(): Conversation {
  let received = "";
  return (chunk) => {
    received += chunk.toString("latin1");
    return received.startsWith("CONNECTED") && received.includes("\0");
  };
}

function untilOpen(): Conversation {
  let unread = Buffer.alloc(0);
  const container = `bare-${process.pid}-${Math.random().toString(36).slice(2)}`;
  return (chunk, write) => {
    const { frames, rest } = takeFrames(Buffer.concat([unread, chunk]));
    unread = Buffer.from(rest);
    const codes = frames.map(({ code }) => code);
    if (codes.includes(PERFORMATIVE.saslOutcome)) {
      write(Buffer.concat([AMQP_HEADER, openLink(container, "bare-handshake", "queue")]));
    }
    return codes.includes(PERFORMATIVE.open);
  };
}
