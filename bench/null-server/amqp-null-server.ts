/**
 * An AMQP 1.0 server that stores nothing. It accepts every message at once and sends messages as credit allows, so that
 * only the client is measured.
 */
import { BEAT } from "./amqp-answers.ts";
import { AmqpNullConnection } from "./amqp-null-connection.ts";
import { listen } from "./listen.ts";
import type { NullServerOptions, ServingNull } from "./null-server-options.ts";

/** Less than half of any idle-time-out that clients of the bench ask for. */
const BEAT_MS = 2_000;

export function serveAmqp(options: NullServerOptions): Promise<ServingNull> {
  return listen((socket) => {
    const connection = new AmqpNullConnection(socket, options);
    const beats = setInterval(() => socket.write(BEAT), BEAT_MS);
    socket.on("close", () => clearInterval(beats));
    socket.on("drain", () => connection.feed());
    return (chunk) => connection.read(chunk);
  });
}
