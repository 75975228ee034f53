/**
 * STOMP over a bare socket: frames are made once, and receipts are counted by their ends. No client can be faster. The
 * bench also fills queues with it.
 */

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { DUPLICATE_ID_PROPERTY } from "../../src/messaging/messages/outgoing-message.ts";
import { connectFrame } from "../../test/brokers/stomp-probe.ts";
import type { SendTerms } from "./bench-peer.ts";
import { ID_WITHOUT_NUMBER, numberPlace, writeNumber } from "./numbered-ids.ts";
import { sendHeaders, subscribeHeaders } from "./stomp-headers.ts";
import type { Workload } from "./workload.ts";

export type BareTerms = Pick<
  Workload,
  "endpoint" | "credentials" | "product" | "destination" | "bodyBytes" | "prefetch"
>;

/** The number of sends in one transaction, when sends are grouped. */
const GROUP = 500;
const NUL = 0;

export class BareStomp {
  readonly #socket: Socket;
  readonly #terms: BareTerms;
  readonly #frame: Buffer;
  #numbered = 0;

  private constructor(socket: Socket, terms: BareTerms) {
    this.#socket = socket;
    this.#terms = terms;
    this.#frame = this.#sendFrame({ receipt: "1" });
  }

  static async open(terms: BareTerms): Promise<BareStomp> {
    const socket = connect({ ...terms.endpoint, noDelay: true });
    await once(socket, "connect");
    socket.write(connectFrame(terms.credentials));
    const [answer] = (await once(socket, "data")) as [Buffer];
    if (!answer.toString("latin1").startsWith("CONNECTED")) throw new Error(`The broker answered ${answer}`);
    return new BareStomp(socket, terms);
  }

  /** One send and its receipt at a time. The socket must not have been used for anything else. */
  sendWith(): (done: () => void) => void {
    let confirm: () => void = () => {};
    this.#onFrames((count) => {
      for (let left = count; left > 0; left -= 1) confirm();
    });
    return (done) => {
      confirm = done;
      this.#socket.write(this.#frame);
    };
  }

  /** Keeps the window full, with one write for all receipts of a read. */
  sendFor(terms: SendTerms): Promise<number> {
    const block = repeat(this.#frame, terms.window);
    return this.#keepFull(terms, (count) => this.#socket.write(block.subarray(0, count * this.#frame.length)));
  }

  /** The same, with an id for duplicate detection in each message. */
  sendWithIds(terms: SendTerms): Promise<number> {
    const frame = this.#sendFrame({ receipt: "1", [DUPLICATE_ID_PROPERTY]: ID_WITHOUT_NUMBER });
    const place = numberPlace(frame) ?? 0;
    const block = repeat(frame, terms.window);
    return this.#keepFull(terms, (count) => {
      // A copy, because the kernel may still be reading the last one.
      const frames = Buffer.from(block.subarray(0, count * frame.length));
      for (let at = place; at < frames.length; at += frame.length) writeNumber(frames, at, this.#numbered++);
      this.#socket.write(frames);
    });
  }

  /** Like sendFor() in transactions: two of half a window are in flight, each with one receipt, for its COMMIT. */
  async sendGrouped({ window, ms }: SendTerms): Promise<number> {
    const size = Math.ceil(window / 2);
    const group = this.#group(size);
    const groups = await this.#keepFull({ window: 2, ms }, (count) => {
      for (let left = count; left > 0; left -= 1) this.#socket.write(group);
    });
    return groups * size;
  }

  /** Puts this many messages into the queue. Resolves when they are stored. */
  async fill(messages: number): Promise<void> {
    for (let left = messages; left > 0; left -= GROUP) {
      this.#socket.write(this.#group(Math.min(GROUP, left)));
      await this.#frames(1);
    }
  }

  /** Acknowledges each message by its own ACK; those of one read go out in one write. */
  receive(took: () => void): void {
    const mark = Buffer.from("\nack:");
    let unread: Buffer = Buffer.alloc(0);
    this.#socket.on("data", (chunk: Buffer) => {
      const bytes = unread.length > 0 ? Buffer.concat([unread, chunk]) : chunk;
      let at = 0;
      let acks = "";
      for (let end = bytes.indexOf(NUL); end >= 0; end = bytes.indexOf(NUL, at)) {
        const id = bytes.indexOf(mark, at) + mark.length;
        acks += `ACK\nid:${bytes.toString("latin1", id, bytes.indexOf("\n", id))}\n\n\0`;
        at = end + 1;
        took();
      }
      unread = bytes.subarray(at);
      if (acks !== "") this.#socket.write(acks, "latin1");
    });
    this.#write("SUBSCRIBE", { ...subscribeHeaders(this.#terms), id: "0" });
  }

  close(): void {
    this.#socket.destroy();
  }

  async #keepFull({ window, ms }: SendTerms, write: (count: number) => void): Promise<number> {
    const end = performance.now() + ms;
    let [confirmed, inFlight] = [0, window];
    return new Promise((resolve) => {
      const stop = this.#onFrames((count) => {
        confirmed += count;
        inFlight -= count;
        if (performance.now() < end) {
          inFlight += count;
          write(count);
        } else if (inFlight === 0) {
          stop();
          resolve(confirmed);
        }
      });
      write(window);
    });
  }

  async #frames(wanted: number): Promise<void> {
    let seen = 0;
    await new Promise<void>((resolve) => {
      const stop = this.#onFrames((count) => {
        seen += count;
        if (seen < wanted) return;
        stop();
        resolve();
      });
    });
  }

  /** Counts frames by the NUL at their end: bodies in the bench contain none. */
  #onFrames(take: (count: number) => void): () => void {
    const onData = (chunk: Buffer): void => {
      let count = 0;
      for (let at = chunk.indexOf(NUL); at >= 0; at = chunk.indexOf(NUL, at + 1)) count += 1;
      if (count > 0) take(count);
    };
    this.#socket.on("data", onData);
    return () => this.#socket.off("data", onData);
  }

  #group(size: number): Buffer {
    const member = this.#sendFrame({ transaction: "t" });
    const [begin, commit] = ["BEGIN\ntransaction:t\n\n\0", "COMMIT\ntransaction:t\nreceipt:1\n\n\0"];
    return Buffer.concat([Buffer.from(begin), repeat(member, size), Buffer.from(commit)]);
  }

  #sendFrame(extra: Readonly<Record<string, string>>): Buffer {
    const { bodyBytes } = this.#terms;
    const headers = { ...sendHeaders(this.#terms), "content-length": String(bodyBytes), ...extra };
    return Buffer.concat([Buffer.from(head("SEND", headers)), Buffer.alloc(bodyBytes, "x"), Buffer.alloc(1)]);
  }

  #write(command: string, headers: Readonly<Record<string, string>>): void {
    this.#socket.write(`${head(command, headers)}\0`);
  }
}

function head(command: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  return `${command}\n${lines.join("")}\n`;
}

function repeat(bytes: Buffer, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => bytes));
}
