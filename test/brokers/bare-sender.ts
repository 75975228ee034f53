/** Sends numbered messages to Artemis over a bare STOMP socket, to show how the broker behaves without this package. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { RealGroup } from "./group-contract.ts";
import { connectFrame } from "./stomp-probe.ts";

export class BareSender {
  /** Resolves when the first receipt has arrived. */
  readonly firstReceipt: Promise<void>;
  readonly #socket: Socket;
  #onReceipt: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.firstReceipt = new Promise((resolve) => {
      this.#onReceipt = resolve;
    });
  }

  /** Connects to the active member. */
  static async open(group: RealGroup): Promise<BareSender> {
    const socket = connect({ ...group.endpoint(await group.waitActive(), "stomp"), noDelay: true });
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write(connectFrame(group.credentials));
    const [answer] = (await once(socket, "data")) as [Buffer];
    if (!answer.toString("latin1").startsWith("CONNECTED")) throw new Error(`The broker answered ${answer}`);
    return new BareSender(socket);
  }

  /**
   * Writes this many messages at once, each with a duplicate id. Resolves with the numbers that were confirmed before
   * the socket closed.
   */
  async send(queue: string, count: number, kind: "single" | "transaction"): Promise<number[]> {
    const all = Array.from({ length: count }, (_, n) => n);
    const inTransaction = kind === "transaction";
    const sends = all.map((n) => {
      const last = inTransaction ? "transaction:t" : `receipt:${n}`;
      const headers = `destination:${queue}\ndestination-type:ANYCAST\npersistent:true\n_AMQ_DUPL_ID:${queue}.${n}\n${last}`;
      return `SEND\n${headers}\n\n${n}\0`;
    });
    const [begin, commit] = ["BEGIN\ntransaction:t\n\n\0", "COMMIT\ntransaction:t\nreceipt:all\n\n\0"];
    this.#socket.write(inTransaction ? [begin, ...sends, commit].join("") : sends.join(""));
    let received = "";
    this.#socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
      if (received.includes("receipt-id:")) this.#onReceipt();
    });
    await once(this.#socket, "close");
    const receipts = Array.from(received.matchAll(/^receipt-id:(\w+)$/gm), ([, receipt]) => receipt);
    if (receipts.includes("all")) return all;
    return receipts.map(Number);
  }
}
