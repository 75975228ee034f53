/** An AMQP 1.0 server that stores nothing: it accepts whatever comes at once and feeds whoever has credit, so that what is measured is the client. */
import { BEAT } from "./amqp-answers.ts";
import { AmqpNullConnection } from "./amqp-null-connection.ts";
import { listen } from "./listen.ts";
import type { NullServerOptions, ServingNull } from "./null-server-options.ts";

/** Less than half of any idle-time-out that a client of a bench asks for. */
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
