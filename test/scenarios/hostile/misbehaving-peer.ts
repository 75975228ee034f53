/** A proxy before a good broker that passes everything until its moment comes, and then misbehaves. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { framesOf } from "../../fuzz/conversation.ts";
import type { Protocol } from "../../support/stories.ts";
import type { Misbehaviour } from "./misbehaviour.ts";

/** When it misbehaves: in place of a frame of its own, after one, or when it is told one. */
export interface Stage {
  readonly name: string;
  readonly when: "accepted" | "instead of its" | "after its" | "told";
  readonly frame: string;
}

const CODES: Readonly<Record<number, string>> = {
  16: "open",
  17: "begin",
  18: "attach",
  19: "flow",
  20: "transfer",
  21: "disposition",
  22: "detach",
  23: "end",
  24: "close",
  64: "mechanisms",
  65: "init",
  68: "outcome",
};

export class MisbehavingPeer {
  /** How many connections came. */
  connects = 0;
  /** Those on which it has misbehaved. */
  readonly misbehaved: Socket[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #protocol: Protocol;
  readonly #stage: Stage;
  readonly #misbehaviour: Misbehaviour;
  readonly #times: number;

  private constructor(protocol: Protocol, target: number, stage: Stage, misbehaviour: Misbehaviour, times: number) {
    this.#protocol = protocol;
    this.#stage = stage;
    this.#misbehaviour = misbehaviour;
    this.#times = times;
    this.#server = createServer({ noDelay: true }, (client) => this.#take(client, target));
  }

  /** Misbehaves on so many connections; further ones are closed at once, as by a broker that is on its way down. */
  static async listen(protocol: Protocol, target: number, stage: Stage, misbehaviour: Misbehaviour, times = 1) {
    const peer = new MisbehavingPeer(protocol, target, stage, misbehaviour, times);
    peer.#server.listen(0, "127.0.0.1");
    await once(peer.#server, "listening");
    return peer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(client: Socket, target: number): void {
    this.connects += 1;
    this.#track(client);
    if (this.misbehaved.length >= this.#times) {
      client.destroy();
      return;
    }
    if (this.#stage.when === "accepted") {
      client.resume();
      this.#misbehave(client, Buffer.from("x"));
      return;
    }
    const broker = connect(target, "127.0.0.1");
    this.#track(broker);
    client.on("close", () => broker.destroy());
    broker.on("close", () => {
      if (!this.misbehaved.includes(client)) client.destroy();
    });
    this.#relay(client, broker, (frame) => this.#isMoment("told", frame) && this.#misbehave(client, frame));
    this.#relay(broker, client, (frame) => {
      if (this.#isMoment("instead of its", frame)) return this.#misbehave(client, frame);
      if (!this.#isMoment("after its", frame)) return false;
      client.write(frame);
      return this.#misbehave(client, frame);
    });
  }

  /** `take` returns whether the frame, and all that follow it, go no further. */
  #relay(from: Socket, to: Socket, take: (frame: Buffer) => boolean): void {
    let rest: Buffer = Buffer.alloc(0);
    let over = false;
    from.on("data", (chunk: Buffer) => {
      if (over) return;
      const frames = [...framesOf(this.#protocol, Buffer.concat([rest, chunk]))];
      rest = Buffer.alloc(0);
      const last = frames.at(-1);
      if (last !== undefined && !isWhole(this.#protocol, last)) rest = frames.pop() as Buffer;
      for (const frame of frames) {
        over ||= this.#isOver(from, to) || take(frame);
        if (!over) to.write(frame);
      }
    });
  }

  #isOver(...sockets: readonly Socket[]): boolean {
    return !this.#misbehaviour.goesOn && sockets.some((socket) => this.misbehaved.includes(socket));
  }

  #isMoment(when: Stage["when"], frame: Buffer): boolean {
    return (
      this.#stage.when === when &&
      nameOf(this.#protocol, frame) === this.#stage.frame &&
      this.misbehaved.length < this.#times
    );
  }

  #misbehave(client: Socket, frame: Buffer): boolean {
    this.misbehaved.push(client);
    this.#misbehaviour.act(client, frame);
    return !this.#misbehaviour.goesOn;
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
  }
}

function isWhole(protocol: Protocol, frame: Buffer): boolean {
  if (protocol === "stomp") return frame.at(-1) === 0;
  return frame.length >= 8 && (frame.toString("latin1", 0, 4) === "AMQP" || frame.length === frame.readUInt32BE(0));
}

function nameOf(protocol: Protocol, frame: Buffer): string {
  if (protocol === "stomp") return /[A-Z]+/.exec(frame.toString("latin1", 0, 40))?.[0] ?? "";
  if (frame.toString("latin1", 0, 4) === "AMQP") return frame[4] === 3 ? "SASL header" : "header";
  return CODES[frame[10] ?? 0] ?? "beat";
}
