/** Writes whole frames straight into our socket, for us and for stompit, whose own writer makes stream pieces and callbacks of each. */
import type { OutgoingFrame, OutgoingFrameStream } from "stompit";
import type { EndpointSocket } from "../../../transport/socket/endpoint-socket.ts";
import { headerLines, type StompVersion } from "./header-text.ts";

const LINE_END = Buffer.from("\n");

export class FrameWriter implements OutgoingFrameStream {
  readonly #socket: EndpointSocket;
  #version: StompVersion | undefined;

  constructor(socket: EndpointSocket) {
    this.#socket = socket;
  }

  /** A whole frame; `lines`: its headers as they are written, each with its line end. */
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

  frame(command: string, headers: Record<string, string>): OutgoingFrame {
    return {
      // The socket tells stompit itself what goes wrong.
      on() {
        return this;
      },
      end: () => this.write(command, this.#linesOf(headers)),
    };
  }

  heartbeat(): void {
    this.#socket.gather(LINE_END);
  }

  acknowledge(): void {
    this.#socket.acknowledge(LINE_END);
  }

  /** Only stompit's own disconnect() finishes, which we do not use. */
  finish(): void {}

  hasFinished(): boolean {
    return false;
  }

  setVersion(version: string): boolean {
    if (version !== "1.1" && version !== "1.2") return false;
    this.#version = version;
    return true;
  }

  /** CONNECT knows no escapes: what it cannot carry has been refused. */
  #linesOf(headers: Record<string, string>): string {
    if (this.#version !== undefined) return headerLines(headers, this.#version);
    return Object.entries(headers)
      .map(([name, value]) => `${name}:${value}\n`)
      .join("");
  }
}
