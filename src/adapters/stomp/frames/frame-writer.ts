/** Writes whole frames to our socket, from CONNECTED on: the one encoder of what we send. */
import type { EndpointSocket } from "../../../transport/socket/endpoint-socket.ts";

const LINE_END = Buffer.from("\n");

export class FrameWriter {
  readonly #socket: EndpointSocket;

  constructor(socket: EndpointSocket) {
    this.#socket = socket;
  }

  /** Writes a whole frame. `lines` are its headers as they are written (headerLines), each with its line end. */
  write(command: string, lines: string, body?: Buffer): void {
    const socket = this.#socket;
    if (body === undefined || body.length === 0) {
      socket.gather(`${command}\n${lines}\n\0\n`);
      return;
    }
    socket.gather(`${command}\n${lines}\n`);
    socket.gather(body);
    socket.gather("\0\n");
  }

  heartbeat(): void {
    this.#socket.gather(LINE_END);
  }

  /** Writes a line end in this turn if nothing else is written, to acknowledge what has come. */
  acknowledge(): void {
    this.#socket.acknowledge(LINE_END);
  }
}
