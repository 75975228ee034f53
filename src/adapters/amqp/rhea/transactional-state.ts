/** The delivery states and messages of transactions (AMQP 1.0, part 4), which rhea does not know. */
import rhea, { type Sender, type Session, type Typed } from "rhea";
import { type Described, linkInternalsOf, sessionInternalsOf } from "./rhea-internals.ts";

const DECLARED: ReadonlySet<unknown> = new Set([0x33, "amqp:declared:list"]);
const TRANSACTIONAL_STATE: ReadonlySet<unknown> = new Set([0x34, "amqp:transactional-state:list"]);
/** The descriptor codes that we write. */
const ACCEPTED = 0x24;
const COORDINATOR = 0x30;
const TRANSACTIONAL = 0x34;
/** An identifier has at most 32 bytes (4.5.8); discharge() has room for a few more. */
const MAX_TXN_ID = 200;

/**
 * Makes a link a coordinator link by its target (4.5.1). Call it before rhea writes the attach frame, in the next tick.
 */
export function targetCoordinator(sender: Sender): void {
  const capabilities = rhea.types.wrap_array(["amqp:local-transactions"], 0xa3, undefined);
  const target = rhea.types.described(rhea.types.wrap_ulong(COORDINATOR), rhea.types.wrap_list([capabilities]));
  linkInternalsOf(sender).local.attach.target = target;
}

/** Reports each transaction that the peer declares on the session, before the outcome of its delivery is reported. */
export function onDeclared(session: Session, listener: (txnId: Buffer) => void): void {
  const internals = sessionInternalsOf(session);
  const onDisposition = internals.on_disposition.bind(internals);
  internals.on_disposition = (frame) => {
    const { declared } = frame.performative;
    if (declared) listener(declared);
    onDisposition(frame);
  };
}

/** An amqp-value with an empty declare list (4.5.2). */
export const DECLARE = Buffer.from([0x00, 0x53, 0x77, 0x00, 0x53, 0x31, 0x45]);

/** An amqp-value with a discharge (4.5.3); `fail` rolls back. */
export function dischargeOf(txnId: Buffer, fail: boolean): Buffer {
  return Buffer.concat([
    Buffer.from([0x00, 0x53, 0x77, 0x00, 0x53, 0x32, 0xc0, txnId.length + 4, 2, 0xa0, txnId.length]),
    txnId,
    Buffer.from([fail ? 0x41 : 0x42]),
  ]);
}

/** The state of a transfer, as rhea writes it and as bytes. */
export interface TransferState {
  readonly typed: Typed;
  readonly bytes: Buffer;
}

/** The state of a message sent in a transaction (4.4.1). */
export function sentIn(txnId: Buffer): TransferState {
  const list = [0x00, 0x53, TRANSACTIONAL, 0xc0, txnId.length + 3, 1, 0xa0, txnId.length];
  return { typed: transactional([rhea.types.wrap_binary(txnId)]), bytes: Buffer.concat([Buffer.from(list), txnId]) };
}

/** The state of a delivery accepted in a transaction (4.4.2). */
export function acceptedIn(txnId: Buffer): Typed {
  const accepted = rhea.types.described(rhea.types.wrap_ulong(ACCEPTED), rhea.types.wrap_list([]));
  return transactional([rhea.types.wrap_binary(txnId), accepted]);
}

function transactional(fields: unknown[]): Typed {
  return rhea.types.described(rhea.types.wrap_ulong(TRANSACTIONAL), rhea.types.wrap_list(fields));
}

/** The transaction's identifier, from the answer to a declare. */
export function declaredIn(state: Described | null | undefined): Buffer | undefined {
  const txnId = DECLARED.has(state?.descriptor?.value) ? fieldOf(state, 0)?.value : undefined;
  return Buffer.isBuffer(txnId) && txnId.length <= MAX_TXN_ID ? txnId : undefined;
}

/** The outcome that the broker gave a delivery, within a transaction or not. */
export function outcomeIn(state: Described | null | undefined): Described | null | undefined {
  return TRANSACTIONAL_STATE.has(state?.descriptor?.value) ? fieldOf(state, 1) : state;
}

function fieldOf(state: Described | null | undefined, index: number): Described | undefined {
  const fields: unknown = state?.value;
  return Array.isArray(fields) ? fields[index] : undefined;
}
