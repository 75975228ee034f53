/** One client's connection through the proxy to the target. */
import { connect, type Socket } from "node:net";
import type { EndKind, FlowShape } from "./flow-shape.ts";
import { ShapedFlow } from "./shaped-flow.ts";

export interface ProxiedConnectionOptions {
  readonly client: Socket;
  readonly target: { readonly host: string; readonly port: number };
  readonly toTarget: FlowShape;
  readonly toClient: FlowShape;
  /** How many bytes of the target's answer to pass before silence. */
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
    // If one side breaks or cannot be reached, the other gets a reset, unless a black hole lies between them.
    this.#target.on("error", () => toClient.blackHole || endSocket(client, "reset"));
    client.on("error", () => toTarget.blackHole || endSocket(this.#target, "reset"));
    // An end of stream without an answer would leave both sockets half open.
    if (answerBytes !== undefined) client.on("end", () => this.end("close"));
  }

  /** Applies a changed shape, or resumes reading. */
  update(): void {
    for (const flow of this.#flows) flow.update();
  }

  /** Whether bytes were lost: TCP would not lose them, so the connection must not go on. */
  get swallowed(): boolean {
    return this.#flows.some((flow) => flow.swallowed);
  }

  /** Ends both sides now. */
  end(kind: EndKind): void {
    for (const flow of this.#flows) flow.end();
    endSocket(this.#client, kind);
    endSocket(this.#target, kind);
  }
}

/** Ends both directions of a socket; where Node cannot reset, a reset becomes a close. */
export function endSocket(socket: Socket, kind: EndKind): void {
  // While the FIN is being sent, libuv's uv_tcp_close_reset() fails with EINVAL; Node 20 and 24 then keep the handle,
  // and the process spins at exit.
  const finPending = socket.writableEnded && !socket.writableFinished;
  // A connecting socket would be reset only once it is connected, which may never happen.
  if (kind === "close" || socket.connecting || finPending) socket.destroy();
  else socket.resetAndDestroy();
}
