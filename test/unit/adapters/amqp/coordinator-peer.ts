/** A broker with transactions, on rhea's listening side, which knows none: what it is asked for in order, and answers that a test can change. */
import rhea, { type Connection, type Delivery, type EventContext, type Receiver, type Sender, type Typed } from "rhea";
import { echoTermini, type RheaPeer, rheaPeer } from "./scripted-peer.ts";

type Asked = Delivery & { readonly remote_state?: readonly [Buffer] };

export interface CoordinatorPeer extends RheaPeer {
  /** `declare`, `send a in tx-1`, `accept 0 in tx-1`, `modified 0`, `discharge tx-1`, `discharge tx-1 fail`. */
  readonly log: string[];
  /** The links that ask for transactions, and those that ask for messages. */
  readonly coordinators: Receiver[];
  readonly links: Sender[];
  onDeclare(delivery: Delivery, coordinator: Receiver): void;
  onSend(delivery: Delivery, txnId: Buffer | undefined, body: unknown): void;
  onDischarge(delivery: Delivery, coordinator: Receiver): void;
}

interface PatchedConnection {
  on_attach(frame: { readonly performative: { readonly value: (Typed | undefined)[] } }): void;
  on_disposition(frame: { readonly performative: { readonly first: number; readonly value: unknown[] } }): void;
}

const { types } = rhea;

export function described(code: number, ...fields: readonly unknown[]): Typed {
  return types.described(types.wrap_ulong(code), types.wrap_list([...fields]));
}

export const declared = (txnId: string): Typed => described(0x33, Buffer.from(txnId));
export const accepted = (): Typed => described(0x24);
export const rejected = (condition: string, text: string): Typed =>
  described(0x25, described(0x1d, types.wrap_symbol(condition), text));
export const within = (txnId: Buffer, outcome: Typed): Typed => described(0x34, txnId, outcome);

export async function coordinatorPeer(product = "ActiveMQ", options: object = {}): Promise<CoordinatorPeer> {
  const peer = await rheaPeer({
    properties: { product },
    receiver_options: { credit_window: 1000, autoaccept: false },
    sender_options: { treat_modified_as_released: false },
    ...options,
  });
  let transactions = 0;
  const made: CoordinatorPeer = Object.assign(peer, {
    log: [],
    coordinators: [],
    links: [],
    onDeclare(delivery: Delivery) {
      transactions += 1;
      delivery.update(true, declared(`tx-${transactions}`));
    },
    onSend(delivery: Delivery, txnId: Buffer | undefined) {
      delivery.update(true, txnId ? within(txnId, accepted()) : accepted());
    },
    onDischarge(delivery: Delivery) {
      delivery.update(true, accepted());
    },
  });
  const targets = new Set<string>();
  peer.container.on("connection_open", ({ connection }) => watch(connection, made.log, targets));
  peer.container.on("receiver_open", ({ receiver }: EventContext) => {
    if (!receiver) return;
    if (!targets.has(receiver.name)) {
      echoTermini(receiver);
      return;
    }
    made.coordinators.push(receiver);
    // As brokers do: its own kind of target again.
    (receiver as unknown as { local: { attach: { target: Typed } } }).local.attach.target = described(0x30);
  });
  peer.container.on("sender_open", ({ sender }: EventContext) => {
    if (!sender) return;
    echoTermini(sender);
    made.links.push(sender);
  });
  peer.container.on("message", ({ message, delivery, receiver }: EventContext) => {
    if (!delivery || !receiver) return;
    if (targets.has(receiver.name)) coordinate(made, message?.body, delivery, receiver);
    else take(made, message?.body, delivery as Asked);
  });
  return made;
}

function coordinate(peer: CoordinatorPeer, body: unknown, delivery: Delivery, coordinator: Receiver): void {
  // rhea unwraps the described list of a declare or discharge to its fields.
  const [txnId, fail] = body as [Buffer | undefined, boolean | undefined];
  if (txnId === undefined) {
    peer.log.push("declare");
    peer.onDeclare(delivery, coordinator);
  } else {
    peer.log.push(`discharge ${txnId}${fail ? " fail" : ""}`);
    peer.onDischarge(delivery, coordinator);
  }
}

function take(peer: CoordinatorPeer, body: unknown, delivery: Asked): void {
  const txnId = delivery.remote_state?.[0];
  peer.log.push(`send ${String(body).slice(0, 20)}${txnId ? ` in ${txnId}` : ""}`);
  peer.onSend(delivery, txnId, body);
}

/** Takes what rhea does not know out of the frames, and tells it here. */
function watch(rheaConnection: Connection, log: string[], targets: Set<string>): void {
  const connection = rheaConnection as unknown as PatchedConnection;
  const { on_attach, on_disposition } = connection;
  connection.on_attach = (frame) => {
    const { value } = frame.performative;
    if (codeOf(value[6]) === 0x30) {
      targets.add(String(value[0]?.value));
      value[6] = undefined;
    }
    on_attach.call(connection, frame);
  };
  connection.on_disposition = (frame) => {
    const { first, value } = frame.performative;
    const state = value[4] as Typed | undefined;
    if (codeOf(state) === 0x34) {
      const [txnId, outcome] = (state as Typed).value as [Typed, Typed];
      log.push(`${codeOf(outcome) === 0x24 ? "accept" : codeOf(outcome)} ${first} in ${txnId.value}`);
      value[4] = outcome;
    } else if (codeOf(state) === 0x27) log.push(`modified ${first}`);
    on_disposition.call(connection, frame);
  };
}

function codeOf(value: unknown): unknown {
  return (value as { readonly descriptor?: { readonly value: unknown } } | undefined)?.descriptor?.value;
}
