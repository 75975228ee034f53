/** A rhea client with promises for what tests wait for. */
import rhea, { type Connection, type Delivery, type EventContext, type Receiver, type Sender } from "rhea";

/** The next event of that name. */
export function nextEvent(emitter: NodeJS.EventEmitter, name: string): Promise<EventContext> {
  return new Promise((resolve) => emitter.once(name, resolve));
}

export interface ReceivedTransfer {
  readonly body: unknown;
  readonly message: Readonly<Record<string, unknown>>;
  readonly delivery: Delivery;
}

export class RawAmqp {
  readonly connection: Connection;
  readonly received: ReceivedTransfer[] = [];
  #waiting: (() => void)[] = [];

  private constructor(connection: Connection) {
    this.connection = connection;
    for (const event of [
      "error",
      "connection_error",
      "sender_error",
      "receiver_error",
      "protocol_error",
      "disconnected",
    ]) {
      connection.on(event, () => {});
    }
    connection.on("message", ({ message, delivery }: EventContext) => {
      if (message && delivery) this.received.push({ body: message.body, message: { ...message }, delivery });
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  static start(port: number, options: Record<string, unknown> = {}): RawAmqp {
    const container = rhea.create_container();
    container.on("error", () => {});
    const wanted = { host: "127.0.0.1", port, username: "any", reconnect: false, tcp_no_delay: true, ...options };
    return new RawAmqp(container.connect(wanted as Parameters<typeof container.connect>[0]));
  }

  /** After the peer's open. */
  static async open(port: number, options: Record<string, unknown> = {}): Promise<RawAmqp> {
    const client = RawAmqp.start(port, options);
    await nextEvent(client.connection, "connection_open");
    return client;
  }

  /** A sender with credit. */
  async sender(target: unknown): Promise<Sender> {
    const sender = this.connection.open_sender({ target } as Parameters<Connection["open_sender"]>[0]);
    await nextEvent(sender, "sendable");
    return sender;
  }

  /** A receiver of a session of its own, which settles by itself only when told to. */
  receiver(source: unknown, credit: number): Receiver {
    const session = this.connection.create_session();
    session.begin();
    const receiver = session.open_receiver({ source, credit_window: 0, autoaccept: false });
    if (credit > 0) receiver.add_credit(credit);
    return receiver;
  }

  async next(): Promise<ReceivedTransfer> {
    for (;;) {
      const transfer = this.received.shift();
      if (transfer) return transfer;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async close(): Promise<void> {
    if (!this.connection.is_open()) return;
    const closed = nextEvent(this.connection, "connection_close");
    this.connection.close();
    await closed;
  }
}

/** The outcome of one send: accepted, released, rejected or modified. */
export function outcomeOf(sender: Sender, message: unknown, format?: number): Promise<string> {
  return new Promise((resolve) => {
    const delivery = sender.send(message as Parameters<Sender["send"]>[0], undefined, format);
    const outcomes = ["accepted", "released", "rejected", "modified"];
    const listeners = outcomes.map((outcome) => (context: EventContext) => {
      if (context.delivery !== delivery) return;
      for (const [index, name] of outcomes.entries()) sender.removeListener(name, listeners[index] ?? (() => {}));
      const { error } = (delivery.remote_state ?? {}) as { error?: { condition?: string; description?: string } };
      resolve(error ? `${outcome}: ${error.condition}: ${error.description}` : outcome);
    });
    sender.setMaxListeners(0);
    for (const [index, name] of outcomes.entries()) sender.on(name, listeners[index] ?? (() => {}));
  });
}
