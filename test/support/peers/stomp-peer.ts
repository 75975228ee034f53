/** A scripted STOMP 1.2 broker whose expectations read like the sentences of a scenario. */
import type { Socket } from "node:net";
import type { Certificate } from "../certificate.ts";
import { type Line, ScriptedPeer, type Step } from "./scripted-peer.ts";
import { readStompFrames, type StompFrame, writeStompFrame } from "./stomp-frames.ts";

export const CLASSIC = "ActiveMQ/6.1.8";
export const ARTEMIS = "ActiveMQ-Artemis/2.55.0 ActiveMQ Artemis Messaging Engine";

class StompLine implements Line<StompFrame> {
  readonly socket: Socket;
  readonly came: StompFrame[] = [];
  over = false;
  #delivered = 0;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  write(command: string, headers: Readonly<Record<string, string>>, body = ""): void {
    if (!this.over) this.socket.write(writeStompFrame({ command, headers, body }));
  }

  /** Returns the receipt that a frame asks for, if any. */
  receipt({ headers }: StompFrame): void {
    const { receipt } = headers;
    if (receipt !== undefined) this.write("RECEIPT", { "receipt-id": receipt });
  }

  deliver(
    subscription: string,
    destination: string,
    body: string,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    const ack = `ack-${this.#delivered++}`;
    this.write("MESSAGE", { subscription, destination, "message-id": ack, ack, ...headers }, body);
  }
}

type StompStep = Step<StompFrame, StompLine>;

/** What the peer does after an expected frame has arrived. */
export class StompReaction {
  readonly #step: StompStep;
  readonly #drop: (line: StompLine) => void;

  constructor(step: StompStep, drop: (line: StompLine) => void) {
    this.#step = step;
    this.#drop = drop;
  }

  #then(answer: (line: StompLine, frame: StompFrame) => void): this {
    this.#step.answers.push(answer);
    return this;
  }

  connected(server = CLASSIC): this {
    return this.#then((line) => line.write("CONNECTED", { version: "1.2", server, "heart-beat": "0,0" }));
  }

  receipt(): this {
    return this.#then((line, frame) => line.receipt(frame));
  }

  /** Sends messages to the subscription that has arrived. */
  deliver(...bodies: readonly string[]): this {
    return this.#then((line, { headers: { id = "", destination = "" } }) => {
      for (const body of bodies) line.deliver(id, destination, body);
    });
  }

  /** Sends an ERROR with the frame's receipt-id, and with `close` ends the connection, as Artemis does. */
  error(message: string, { close = false }: { readonly close?: boolean } = {}): this {
    return this.#then((line, { headers: { receipt } }) => {
      line.write("ERROR", { message, ...(receipt !== undefined && { "receipt-id": receipt }) }, message);
      if (!close) return;
      line.socket.end();
      line.over = true;
    });
  }

  /** Closes the socket without a frame, as when the broker dies. */
  drop(): this {
    return this.#then((line) => this.#drop(line));
  }

  dropBeforeReceipt(): this {
    return this.drop();
  }

  stayQuiet(): this {
    return this;
  }

  /** Runs code of the test after the frame has arrived. */
  call(work: () => void): this {
    return this.#then(() => work());
  }
}

export class StompPeer extends ScriptedPeer<StompFrame, StompLine> {
  /** Every SEND that arrived, in order. */
  readonly sends: StompFrame[] = [];

  static async listen(options: { readonly certificate?: Certificate } = {}): Promise<StompPeer> {
    const peer = new StompPeer(options.certificate ? "stomp+ssl" : "stomp", options.certificate);
    await peer.listen();
    return peer;
  }

  static async pair(): Promise<[StompPeer, StompPeer]> {
    return [await StompPeer.listen(), await StompPeer.listen()];
  }

  expectConnect(headers: Readonly<Record<string, string>> = {}): StompReaction {
    return this.#next("CONNECT", headers);
  }

  /** Expects a client that connects, and accepts it. */
  expectConnection(server = CLASSIC): StompReaction {
    return this.expectConnect().connected(server);
  }

  /** Expects a SEND in this transaction if given, otherwise in none. */
  expectSend(body?: string, { transaction }: { readonly transaction?: boolean } = {}): StompReaction {
    return this.#next("SEND", {}, (frame) => {
      const within = frame.headers["transaction"];
      if ((within !== undefined) !== (transaction === true)) return `its transaction is ${within ?? "none"}`;
      if (body !== undefined && frame.body !== body) return `its body is "${frame.body}"`;
      this.sends.push(frame);
      return undefined;
    });
  }

  expectSubscribe(headers: Readonly<Record<string, string>> = {}): StompReaction {
    return this.#next("SUBSCRIBE", headers);
  }

  /** Expects UNSUBSCRIBE, ACK, NACK, BEGIN, COMMIT, ABORT or DISCONNECT. */
  expectFrame(command: string, headers: Readonly<Record<string, string>> = {}): StompReaction {
    return this.#next(command, headers);
  }

  protected override open(socket: Socket): StompLine {
    const line = new StompLine(socket);
    let rest: Buffer = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      rest = readStompFrames(Buffer.concat([rest, chunk]), (frame) => this.came(frame, line));
    });
    return line;
  }

  /** A DISCONNECT that is not part of the script is answered. */
  protected override tolerate(frame: StompFrame, line: StompLine, over: boolean): boolean {
    if (!over || !["UNSUBSCRIBE", "DISCONNECT"].includes(frame.command)) return false;
    line.receipt(frame);
    return true;
  }

  protected override describe({ command, body }: StompFrame): string {
    return command === "SEND" ? `SEND "${body.slice(0, 40)}"` : command;
  }

  #next(
    command: string,
    headers: Readonly<Record<string, string>>,
    check: (frame: StompFrame) => string | undefined = () => undefined,
  ): StompReaction {
    const named = Object.entries(headers).map(([name, value]) => ` with ${name} ${value}`);
    const mismatch = (frame: StompFrame) => {
      if (frame.command !== command) return "it is something else";
      const wrong = Object.keys(headers).find((name) => frame.headers[name] !== headers[name]);
      return wrong === undefined ? check(frame) : `its ${wrong} is ${frame.headers[wrong] ?? "not there"}`;
    };
    const step = this.expect({ what: `${command}${named.join("")}`, mismatch, answers: [] });
    return new StompReaction(step, (line) => this.drop(line));
  }
}
