/** One client's connection through the proxy, to the target and back. */
import { connect, type Socket } from "node:net";
import type { EndKind, FlowShape } from "./flow-shape.ts";
import { ShapedFlow } from "./shaped-flow.ts";

export interface ProxiedConnectionOptions {
  readonly client: Socket;
  readonly target: { readonly host: string; readonly port: number };
  readonly toTarget: FlowShape;
  readonly toClient: FlowShape;
  /** Of the target's answer; then silence. */
  readonly answerBytes?: number | undefined;
}

export class ProxiedConnection {
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #flows: readonly ShapedFlow[];

  constructor({ client, target, toTarget, toClient, answerBytes }: ProxiedConnectionOptions) {
    this.#client = client;
    this.#target = connect({ ...target, noDelay: true, allowHalfOpen: true });
    const onCut = (kind: EndKind) => this.end(kind);
    this.#flows = [
      new ShapedFlow({ source: client, sink: this.#target, shape: toTarget, onCut }),
      new ShapedFlow({ source: this.#target, sink: client, shape: toClient, passOnly: answerBytes, onCut }),
    ];
    // One side broke, or cannot be reached: the other sees a reset, unless a black hole lies between them.
    this.#target.on("error", () => toClient.blackHole || endSocket(client, "reset"));
    client.on("error", () => toTarget.blackHole || endSocket(this.#target, "reset"));
    // An end of stream that is never answered would keep both sockets half open.
    if (answerBytes !== undefined) client.on("end", () => this.end("close"));
  }

  /** The shape has changed, or is to be read again. */
  update(): void {
    for (const flow of this.#flows) flow.update();
  }

  /** Bytes of it are lost: TCP would not lose them, so it must not go on. */
  get swallowed(): boolean {
    return this.#flows.some((flow) => flow.swallowed);
  }

  /** Both sides, now. */
  end(kind: EndKind): void {
    for (const flow of this.#flows) flow.end();
    endSocket(this.#client, kind);
    endSocket(this.#target, kind);
  }
}

/** Ends both directions of a socket; a reset becomes a close where Node cannot reset. */
export function endSocket(socket: Socket, kind: EndKind): void {
  // While the shutdown that sends the FIN is under way, libuv's uv_tcp_close_reset() fails with EINVAL; Node 20 and 24 then
  // keep the handle, and the process spins when it leaves.
  const finPending = socket.writableEnded && !socket.writableFinished;
  // A socket that is still connecting is reset only once it is connected, which may be never.
  if (kind === "close" || socket.connecting || finPending) socket.destroy();
  else socket.resetAndDestroy();
}
