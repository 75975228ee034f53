/**
 * What AMQP 1.0 part 4 adds to frames and rhea does not know: the coordinator as a target, transactional states, declare
 * and discharge. It stands between rhea's frame dispatch and its sessions.
 */
import rhea, { type Connection, type Delivery, type Receiver } from "rhea";
import { Refusal } from "../../destinations/refusal.ts";
import { CODE, codeOfDescriptor } from "../descriptors.ts";
import { findSections, readDescriptor } from "../sections.ts";

/** The place of the field state in a transfer (AMQP 1.0 section 2.7.5). */
const TRANSFER_STATE = 7;

/** A value as rhea's reader leaves it. */
interface Typed {
  readonly descriptor?: { readonly value: unknown };
  readonly value: unknown;
}

interface Frame {
  readonly channel: number;
  readonly performative: {
    /** The fields as they came, in the order of the specification. */
    readonly value: readonly (Typed | undefined)[];
    target?: Typed | undefined;
    readonly state?: Typed | undefined;
    readonly role?: boolean;
    readonly first?: number;
    readonly last?: number;
  };
}

/** rhea dispatches a frame to `on_` + its name on the connection, which passes it to its session. */
interface FrameTarget {
  on_attach(frame: Frame): void;
  on_transfer(frame: Frame): void;
  on_disposition(frame: Frame): void;
  readonly remote_channel_map: Readonly<
    Record<number, { readonly outgoing: { readonly deliveries: { by_id(id: number): Delivery | undefined } } }>
  >;
}

const coordinatorAttaches = new WeakSet<object>();
const transactionIds = new WeakMap<object, string>();

export function keepTransactions(connection: Connection): void {
  const target = connection as unknown as FrameTarget;
  const onAttach = target.on_attach.bind(connection);
  const onTransfer = target.on_transfer.bind(connection);
  const onDisposition = target.on_disposition.bind(connection);
  target.on_attach = (frame) => {
    const { performative } = frame;
    if (codeOf(performative.target) === CODE.coordinator) {
      coordinatorAttaches.add(performative);
      performative.target = undefined;
    }
    onAttach(frame);
  };
  target.on_transfer = (frame) => {
    // rhea's own reading of the field leaves out which state it is.
    replaceState(frame.performative, frame.performative.value[TRANSFER_STATE]);
    onTransfer(frame);
  };
  target.on_disposition = (frame) => {
    const { performative } = frame;
    const state = readTransactionalState(performative.state);
    if (state) replaceState(performative, state.outcome);
    onDisposition(frame);
    if (!state || !performative.role) return;
    const { deliveries } = target.remote_channel_map[frame.channel]?.outgoing ?? {};
    const { first = 0, last = first } = performative;
    for (let id = first; id <= last; id++) {
      const delivery = deliveries?.by_id(id);
      if (delivery) transactionIds.set(delivery, state.id);
    }
  };
}

function replaceState(performative: Frame["performative"], state: Typed | undefined): void {
  Object.defineProperty(performative, "state", { value: state, configurable: true });
}

export function isCoordinator(receiver: Receiver): boolean {
  const { remote } = receiver as unknown as { readonly remote: { readonly attach: object } };
  return coordinatorAttaches.has(remote.attach);
}

/** The transaction that the client sent or settled it in. */
export function transactionIdOf(delivery: Delivery): string | undefined {
  const sent = readTransactionalState(delivery.remote_state as Typed | undefined);
  return sent?.id ?? transactionIds.get(delivery);
}

function readTransactionalState(
  state: Typed | undefined,
): { readonly id: string; readonly outcome: Typed | undefined } | undefined {
  if (codeOf(state) !== CODE.transactionalState) return undefined;
  const [id, outcome] = (state?.value ?? []) as readonly (Typed | undefined)[];
  return { id: textOf(id), outcome: outcome?.descriptor ? outcome : undefined };
}

export type CoordinatorRequest =
  | { readonly kind: "declare" }
  | { readonly kind: "discharge"; readonly id: string; readonly fail: boolean };

/** @throws Refusal when the message is neither. */
export function readCoordinatorRequest(encoded: Buffer): CoordinatorRequest {
  const { code, valueAt } = readDescriptor(encoded, findSections(encoded).bodyAt);
  const request = code === CODE.amqpValue ? readDescriptor(encoded, valueAt) : undefined;
  if (request?.code !== CODE.declare && request?.code !== CODE.discharge) {
    throw new Refusal("amqp:decode-error", "A coordinator takes declare and discharge");
  }
  const { Reader } = rhea.types as unknown as { Reader: new (bytes: Buffer) => { read(): Typed } };
  const [first, fail] = (new Reader(encoded.subarray(request.valueAt)).read().value ?? []) as (Typed | undefined)[];
  if (request.code === CODE.discharge) return { kind: "discharge", id: textOf(first), fail: fail?.value === true };
  if (Buffer.isBuffer(first?.value) || first?.descriptor)
    throw Refusal.notDone("distributed transactions (a global-id)");
  return { kind: "declare" };
}

/** The terminus that answers the attach of a coordinator. */
export function answerCoordinator(receiver: Receiver): void {
  const { local } = receiver as unknown as { readonly local: { readonly attach: { target: unknown } } };
  const capabilities = rhea.types.wrap_symbol("amqp:local-transactions");
  local.attach.target = rhea.types.wrap_described([capabilities], CODE.coordinator);
}

export function declared(id: string): unknown {
  return rhea.types.wrap_described([rhea.types.wrap_binary(Buffer.from(id))], CODE.declared);
}

/** Taken into the transaction: what becomes of it is told by the discharge. */
export function acceptedIn(id: string): unknown {
  const { accepted } = rhea.message as unknown as { accepted(): { described(): unknown } };
  const fields = [rhea.types.wrap_binary(Buffer.from(id)), accepted().described()];
  return rhea.types.wrap_described(fields, CODE.transactionalState);
}

function codeOf(value: Typed | undefined | null): number | undefined {
  return value?.descriptor === undefined ? undefined : codeOfDescriptor(value.descriptor.value);
}

function textOf(id: Typed | undefined): string {
  return Buffer.isBuffer(id?.value) ? id.value.toString("latin1") : "";
}
