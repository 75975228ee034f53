/**
 * Describes everything that this package touches of rhea beyond its own typings, as in rhea 3.0.5. The tests of this
 * folder check it, and loading this file with another version of rhea throws.
 */
import { createRequire } from "node:module";
import rhea, { type Connection, type Delivery, type link, type Session } from "rhea";
import { UnsupportedError } from "../../../errors/errors.ts";

const SUPPORTED_VERSION = "3.0.5";

const require = createRequire(import.meta.url);

/** @throws UnsupportedError that says how to get the rhea version that this package was written for. */
export function checkRheaVersion(found: unknown): void {
  if (found === SUPPORTED_VERSION) return;
  throw new UnsupportedError(
    `AMQP needs rhea ${SUPPORTED_VERSION}, and rhea ${String(found)} was loaded: remove the override or the alias of rhea from your package.json and install again, or install a release of masterslave-transport that knows rhea ${String(found)}`,
  );
}

checkRheaVersion((require("rhea/package.json") as { readonly version?: unknown }).version);

/** A frame as rhea passes it to a connection, with the performative's fields by name. */
export interface Frame<Fields> {
  readonly channel: number;
  readonly performative: Fields;
  payload?: Buffer | undefined;
}

/** A performative's fields by position, each with its type. */
export interface FieldsByPosition {
  readonly value: readonly unknown[];
}

/** A described value as rhea reads it: its descriptor, and the fields of its list. */
export interface Described {
  readonly descriptor?: { readonly value: unknown };
  readonly value?: unknown;
}

export interface OpenFields {
  readonly max_frame_size?: number | null;
  idle_time_out?: number | null;
  readonly offered_capabilities?: string | string[] | null;
}

export interface AttachFields {
  readonly name: string;
  readonly role: boolean;
  readonly value: (Described | undefined)[];
}

export interface FlowFields {
  readonly handle?: number | null;
  delivery_count?: number | null;
  link_credit?: number | null;
  drain?: boolean | null;
}

export interface TransferFields {
  readonly handle: number;
  readonly delivery_id?: number | null;
  message_format?: number | null;
  readonly more?: boolean | null;
  readonly aborted?: boolean | null;
}

export interface DispositionFields {
  readonly role: boolean;
  first: number;
  last?: number | null;
  readonly state?: Described | null;
  readonly value: unknown[];
  /** Added by our own code: the identifier of the transaction that the state declares. */
  declared?: Buffer | undefined;
}

export interface RheaConnection {
  /** Whether a call of `_process` is scheduled. */
  registered: boolean;
  readonly state: { need_open(): boolean; need_close(): boolean; has_settled(): boolean };
  readonly local: { readonly open: object };
  /** `open` exists from the event `connection_open` on. */
  readonly remote: { readonly open: OpenFields };
  readonly local_channel_map: Record<number, RheaSession>;
  readonly remote_channel_map: { readonly [channel: number]: RheaSession | undefined };
  /** The highest channel that the peer allows, from its open frame. */
  readonly channel_max?: number | null;
  /** The announced size of an incomplete frame, and its pieces so far. */
  readonly frame_size?: number | undefined;
  chunks?: Buffer[] | null;
  /** The timer of rhea's next empty frame: after each write rhea starts it with half of the peer's idle-time-out. */
  heartbeat_out?: NodeJS.Timeout | undefined;
  /** Exists after connect() on a connection with SASL mechanisms. */
  readonly sasl_transport?: RheaSasl;
  dispatch(...event: readonly unknown[]): boolean;
  create_session(bufferSize?: unknown): RheaSession;
  remove_session(session: RheaSession): void;
  input(bytes: Buffer): void;
  output(): void;
  _context(context?: object): object;
  _register(): void;
  _process(): void;
  _write_open(): void;
  _write_close(): void;
  _write_frame(...frame: readonly unknown[]): void;
  [on: `on_${string}`]: (frame: Frame<never>) => void;
  on_open(frame: Frame<OpenFields>): void;
  on_begin(frame: Frame<{ readonly remote_channel?: number | null }>): void;
  on_attach(frame: Frame<AttachFields>): void;
  on_flow(frame: Frame<FlowFields>): void;
  on_transfer(frame: Frame<TransferFields>): void;
  on_disposition(frame: Frame<DispositionFields>): void;
}

export interface RheaSession {
  readonly connection: RheaConnection;
  readonly local: { channel: number };
  readonly remote: { readonly handles: { readonly [handle: number]: RheaLink | undefined } };
  /** Links by name. */
  readonly links: Readonly<Record<string, RheaLink>>;
  readonly outgoing: Outgoing;
  readonly incoming: Incoming;
  /** Writes a performative, with its fields by position, and the payload of a transfer. */
  output(frame: { readonly delivery_id?: number; readonly value: unknown[] }, payload?: Buffer): void;
  on_transfer(frame: Frame<TransferFields>): void;
  on_disposition(frame: Frame<DispositionFields>): void;
  _process(): void;
}

/** Deliveries in the order of their ids, without gaps. */
export interface DeliveryBuffer<T extends { readonly id: number }> {
  by_id(id: number): T | undefined;
  get_head(): T | undefined;
  get_tail(): T | undefined;
  /** Removes deliveries from the oldest on, as long as `isSuch` returns true. */
  pop_if(isSuch: (delivery: T) => boolean): number;
}

export interface Outgoing {
  readonly deliveries: DeliveryBuffer<OutgoingDelivery>;
  readonly next_delivery_id: number;
  next_pending_delivery: number;
  next_transfer_id: number;
  window: number;
  updated: OutgoingDelivery[];
  transfer_window(): number;
  compute_max_payload(tag: Buffer): number | undefined;
  process(): void;
}

export interface OutgoingDelivery extends Delivery {
  tag: Buffer;
  /** The encoded message, cut into the pieces that go out as one transfer frame each. */
  readonly data: readonly Buffer[];
  readonly next_to_send: number;
  settled: boolean;
  readonly remote_settled: boolean;
  readonly link: Delivery["link"] & {
    readonly local: { readonly handle: number };
    credit: number;
    delivery_count: number;
  };
}

export interface IncomingDelivery {
  readonly id: number;
  /** Further transfers of this delivery will come. */
  readonly incomplete?: boolean | null;
  /** The payloads of its transfers so far, until it is complete. */
  frames?: (Buffer | undefined)[];
}

export interface Incoming {
  readonly deliveries: DeliveryBuffer<IncomingDelivery>;
  /** How many transfers the peer may send until the next flow frame: the free space in the buffer of deliveries. */
  readonly window: number;
  readonly next_transfer_id: number;
  /** The first transfer that the announced window does not cover. */
  readonly max_transfer_id: number;
  /** Writes the dispositions of deliveries updated since the last call. */
  process(session: RheaSession): void;
}

export interface RheaLink {
  readonly local: { readonly handle: number; readonly attach: { target: unknown } };
  credit: number;
  /** Number of messages sent and credits given up: a uint that wraps at 2^32 (AMQP 1.0, 2.6.7). */
  delivery_count: number;
  /** The delivery of which further transfers will come. */
  readonly _incomplete?: IncomingDelivery | undefined;
  readonly _draining?: boolean | null;
  readonly _drained?: boolean;
  /** Called before each flow frame of the link is written. Returns whether that frame sets `drain`. */
  _get_drain?: () => boolean;
  is_receiver(): boolean;
}

/** The SASL layer of a connection. */
export interface RheaSasl {
  mechanisms: Readonly<Record<string, RheaMechanism>>;
  /** Both are set when the SASL outcome accepts the login. */
  readonly transport: { readonly read_complete: boolean; readonly write_complete: boolean };
  on_sasl_mechanisms(frame: SaslFrame<{ sasl_server_mechanisms?: string | string[] | null }>): void;
  on_sasl_challenge(frame: SaslFrame<{ readonly challenge?: Buffer | null }>): void;
  on_sasl_outcome(frame: SaslFrame<SaslOutcomeFields>): void;
}

export interface SaslFrame<Fields> {
  readonly performative: Fields & Partial<FieldsByPosition>;
}

export interface SaslOutcomeFields {
  readonly code: number;
  readonly additional_data?: Buffer | null;
}

export type Respond = (error: string | undefined, response?: Buffer) => void;

export interface RheaMechanism {
  start(respond: Respond): void;
  step(challenge: Buffer, respond: Respond): void;
}

/** Reads the values of one frame or message. */
export interface RheaReader {
  readonly buffer: Buffer;
  readonly position: number;
  remaining(): number;
  read_n(count: number): unknown[];
  read_array_items(count: number, type: { readonly width: number }): unknown[];
  read_compound(type: { readonly width: number }): unknown;
  read_array(type: { readonly width: number }): unknown;
}

/** rhea looks these classes up whenever it reads: each frame and each message gets a reader of its own. */
export const rheaTypes = rhea.types as unknown as { Reader: new (buffer: Buffer) => RheaReader };

/** rhea looks these loggers up whenever it logs under DEBUG=rhea:frames and DEBUG=rhea:raw. */
export const rheaLog = require("rhea/lib/log.js") as Record<"frames" | "raw", (...what: readonly unknown[]) => void>;

export function internalsOf(connection: Connection): RheaConnection {
  return connection as unknown as RheaConnection;
}

export function sessionInternalsOf(session: Session): RheaSession {
  return session as unknown as RheaSession;
}

export function linkInternalsOf(senderOrReceiver: link): RheaLink {
  return senderOrReceiver as unknown as RheaLink;
}
