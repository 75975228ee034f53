/** Asks one endpoint, over a bare socket, whether it is the active member: only a finished STOMP handshake says so. */
import { connect } from "node:net";
import type { Credentials } from "../../src/uri/endpoint.ts";

/** `active`: CONNECTED. `denied`: an ERROR frame. `refused`: nothing listens. `closed`: cut before an answer. `silent`: no answer in time. */
export type ProbeAnswer = "active" | "denied" | "refused" | "closed" | "silent";

/** Resolves, never rejects, within `timeoutMs`; the socket is gone then. Without credentials none are sent. */
export function probeStomp(
  endpoint: { readonly host: string; readonly port: number },
  credentials: Credentials | undefined,
  timeoutMs: number,
): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const socket = connect(endpoint.port, endpoint.host);
    const finish = (answer: ProbeAnswer): void => {
      clearTimeout(deadline);
      socket.destroy();
      resolve(answer);
    };
    const deadline = setTimeout(finish, timeoutMs, "silent");
    let received = "";
    socket.setNoDelay(true);
    socket.on("connect", () => socket.write(connectFrame(credentials)));
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      if (received.includes("\0")) finish(received.startsWith("CONNECTED") ? "active" : "denied");
    });
    socket.on("error", (error) => finish("code" in error && error.code === "ECONNREFUSED" ? "refused" : "closed"));
    socket.on("close", () => finish("closed"));
  });
}

/** The smallest CONNECT: version 1.2, no heart-beats. */
export function connectFrame(credentials: Credentials | undefined): string {
  const login = credentials === undefined ? "" : `login:${credentials.username}\npasscode:${credentials.password}\n`;
  return `CONNECT\naccept-version:1.2\nhost:localhost\nheart-beat:0,0\n${login}\n\0`;
}
