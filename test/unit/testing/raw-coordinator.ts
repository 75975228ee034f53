/** AMQP transactions by hand over a rhea client, which knows none: coordinator, declare, discharge, transactional states. */
import rhea, { type Connection, type Delivery, type Sender } from "rhea";
import { nextEvent, outcomeOf, type RawAmqp } from "./raw-amqp.ts";

const { types } = rhea;

interface Typed {
  readonly descriptor?: { readonly value: number };
  readonly value: readonly { readonly value: unknown }[];
}

interface Performative {
  readonly role?: boolean;
  readonly first?: number;
  state?: unknown;
  /** The fields in the order of the specification: state is the eighth of a transfer. */
  readonly value: unknown[];
  readonly settled?: boolean;
}

interface Internals {
  on_disposition(frame: { readonly performative: Performative }): void;
  on_attach(frame: { readonly performative: { target?: Typed | undefined } }): void;
}

/** What names the types of part 4 on the wire: their codes, as rhea and Qpid JMS write them, or their symbols, as Proton does. */
const DESCRIPTORS = {
  coordinator: { code: 0x30, symbol: "amqp:coordinator:list" },
  declare: { code: 0x31, symbol: "amqp:declare:list" },
  discharge: { code: 0x32, symbol: "amqp:discharge:list" },
  transactionalState: { code: 0x34, symbol: "amqp:transactional-state:list" },
  amqpValue: { code: 0x77, symbol: "amqp:amqp-value:*" },
  accepted: { code: 0x24, symbol: "amqp:accepted:list" },
} as const;
type TypeName = keyof typeof DESCRIPTORS;

export class RawCoordinator {
  readonly sender: Sender;
  readonly #symbolic: boolean;
  /** States of dispositions for what this client sent, by delivery id of the session. */
  readonly states: { readonly first: number; readonly state: Typed }[] = [];

  private constructor(sender: Sender, symbolic: boolean) {
    this.sender = sender;
    this.#symbolic = symbolic;
  }

  static async attach(client: RawAmqp, { symbolic = false } = {}): Promise<RawCoordinator> {
    const session = client.connection.create_session();
    session.begin();
    const sender = session.open_sender({ target: { address: "overwritten" } });
    const { local } = sender as unknown as { readonly local: { readonly attach: { target: unknown } } };
    const coordinator = new RawCoordinator(sender, symbolic);
    local.attach.target = coordinator.#described([types.wrap_symbol("amqp:local-transactions")], "coordinator");
    coordinator.#watch(client.connection);
    await nextEvent(sender, "sendable");
    return coordinator;
  }

  /** rhea knows neither coordinator, declared nor transactional-state: it gets nothing, `accepted` and `accepted`. */
  #watch(connection: Connection): void {
    const internals = connection as unknown as Internals;
    const onAttach = internals.on_attach.bind(connection);
    internals.on_attach = (frame) => {
      if (Number(frame.performative.target?.descriptor?.value) === 0x30) frame.performative.target = undefined;
      onAttach(frame);
    };
    const onDisposition = internals.on_disposition.bind(connection);
    internals.on_disposition = (frame) => {
      const state = frame.performative.state as Typed | undefined;
      const code = Number(state?.descriptor?.value);
      if (state && (code === 0x33 || code === 0x34)) {
        this.states.push({ first: frame.performative.first ?? -1, state });
        frame.performative.state = code === 0x34 ? state.value[1] : described([], 0x24);
      }
      onDisposition(frame);
    };
  }

  async declare(): Promise<Buffer> {
    const before = this.states.length;
    await this.#ask(Buffer.concat([this.#prefix("amqpValue"), this.#prefix("declare"), Buffer.of(0x45)]));
    const id = this.states[before]?.state.value[0]?.value;
    if (!Buffer.isBuffer(id)) throw new Error("The peer declared nothing");
    return id;
  }

  /** `accepted`, or `rejected: CONDITION: TEXT`. */
  discharge(id: Buffer, { fail = false } = {}): Promise<string> {
    const list = Buffer.concat([Buffer.of(0xa0, id.length), id, Buffer.of(fail ? 0x41 : 0x42)]);
    const head = [this.#prefix("amqpValue"), this.#prefix("discharge"), Buffer.of(0xc0, list.length + 1, 2)];
    return this.#ask(Buffer.concat([...head, list]));
  }

  /** The constructor of a described value. */
  #prefix(name: TypeName): Buffer {
    const { code, symbol } = DESCRIPTORS[name];
    if (!this.#symbolic) return Buffer.of(0x00, 0x53, code);
    return Buffer.concat([Buffer.of(0x00, 0xa3, symbol.length), Buffer.from(symbol)]);
  }

  #described(fields: readonly unknown[], name: TypeName): unknown {
    const { code, symbol } = DESCRIPTORS[name];
    return types.wrap_described([...fields], this.#symbolic ? symbol : code);
  }

  #ask(encoded: Buffer): Promise<string> {
    return outcomeOf(this.sender, encoded, 0);
  }

  /** The outcome of a send in the transaction. */
  send(sender: Sender, id: Buffer, message: unknown): Promise<string> {
    const session = sender.session as unknown as { output(frame: Performative, payload?: Buffer): void };
    const output = session.output.bind(session);
    session.output = (frame, payload) => {
      if (payload !== undefined) frame.value[7] = this.#described([types.wrap_binary(id)], "transactionalState");
      output(frame, payload);
    };
    const outcome = outcomeOf(sender, message);
    return outcome.finally(() => {
      session.output = output;
    });
  }

  /** Accepts the delivery in the transaction. Written then: rhea writes session by session, and the coordinator's is before others. */
  accept(delivery: Delivery, id: Buffer, { settled = true } = {}): Promise<void> {
    const outcome = this.#described([], "accepted");
    delivery.update(settled, this.#described([types.wrap_binary(id), outcome], "transactionalState"));
    return new Promise((resolve) => setImmediate(resolve));
  }
}

function described(fields: readonly unknown[], code: number): unknown {
  return types.wrap_described([...fields], code);
}
