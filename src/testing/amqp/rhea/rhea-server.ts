/**
 * The only use of rhea in the embedded group: creates server-side connections, and describes what rhea's typings leave
 * out. Nothing outside this folder imports more of rhea than its types.
 */
import rhea, {
  type Connection,
  type ConnectionOptions,
  type Container,
  type Delivery,
  type Receiver,
  type Sender,
  type TerminusOptions,
} from "rhea";
import { withNumericDescriptors } from "../sections.ts";
import { keepTransfersEncoded } from "./encoded-transfers.ts";
import { fileLinksByRole } from "./links-by-role.ts";
import { keepTransactions } from "./transaction-frames.ts";

export function createContainer(id: string): Container {
  return rhea.create_container({ id });
}

/** A connection that serves `socket` once accept() is called. Its methods are replaced here, in this order. */
export function createServerConnection(container: Container, options: Readonly<Record<string, unknown>>): Connection {
  // rhea's typings only know connections that dial.
  const connection = container.create_connection(options as unknown as ConnectionOptions);
  keepTransfersEncoded(connection);
  keepTransactions(connection);
  fileLinksByRole(connection);
  return connection;
}

/** Begins to read from the socket; call it when the listeners are in place. */
export function accept(connection: Connection, socket: unknown): void {
  (connection as unknown as { accept(socket: unknown): void }).accept(socket);
}

/** What rhea wrote after the end has restarted its timers; clears them for good. */
export function stopTimers(connection: Connection): void {
  const timers = connection as unknown as {
    socket_ready: boolean;
    readonly heartbeat_in?: NodeJS.Timeout;
    readonly heartbeat_out?: NodeJS.Timeout;
  };
  timers.socket_ready = false;
  clearTimeout(timers.heartbeat_in);
  clearTimeout(timers.heartbeat_out);
}

/** Whether the client's detach closes the link (AMQP 1.0 section 2.6.6). */
export function isClosedForGood(sender: Sender): boolean {
  const { remote } = sender as unknown as { readonly remote: { readonly detach?: { readonly closed?: boolean } } };
  return remote.detach?.closed === true;
}

/**
 * rhea joins neighbouring deliveries that are settled in one turn into one disposition, and gives the second the
 * outcome of the first (write_dispositions in its session.js): only accepted ones may wait to be joined.
 */
export function settleApart({ session }: Receiver, settle: () => void): void {
  const { incoming } = session as unknown as { readonly incoming: { process(session: unknown): void } };
  incoming.process(session);
  settle();
  incoming.process(session);
}

/** The deliveries that the client has allowed so far: those made, plus its credit. */
export function grantedDeliveries(sender: Sender): number {
  const { credit, delivery_count } = sender as unknown as { readonly credit: number; readonly delivery_count: number };
  return credit + delivery_count;
}

/** Counts the delivery as settled from the start, as a sender in settle mode 1 does. */
export function markSettled(delivery: Delivery): void {
  Object.assign(delivery, { settled: true });
}

export interface RemoteOutcome {
  /** rhea's name for the state of a disposition: accepted, rejected, released, modified. */
  readonly kind: string | undefined;
  readonly deliveryFailed: boolean;
  readonly undeliverableHere: boolean;
}

export function remoteOutcome({ remote_state: state }: Delivery): RemoteOutcome {
  const type = state?.constructor as { readonly composite_type?: string } | undefined;
  const fields = state as { readonly delivery_failed?: boolean; readonly undeliverable_here?: boolean } | undefined;
  return {
    kind: type?.composite_type,
    deliveryFailed: fields?.delivery_failed === true,
    undeliverableHere: fields?.undeliverable_here === true,
  };
}

/** rhea's typings do not mention that the peer may omit terminus and address. */
export type Terminus = Partial<Omit<TerminusOptions, "address">> & { readonly address?: string | null };

/** rhea shows a missing terminus as a null object of its own, which is truthy; only a real one can be encoded again. */
export function givenTerminus<T extends Terminus>(terminus: object | null | undefined): T | undefined {
  return terminus && "described" in terminus ? (terminus as T) : undefined;
}

/** apache.org:selector-filter:string, and its number, in a source's filters. */
const SELECTOR_FILTERS: readonly unknown[] = ["apache.org:selector-filter:string", 0x468c00000004];

/** The text of a filter that is a selector, as rhea decodes described values; undefined for another filter. */
export function selectorOf(filter: unknown): string | undefined {
  const { descriptor, value } = Object(filter) as { readonly descriptor?: unknown; readonly value?: unknown };
  const name: unknown = Object(descriptor).value ?? descriptor;
  return SELECTOR_FILTERS.includes(name) && typeof value === "string" ? value : undefined;
}

/** A message as rhea decodes it; every field may be absent. */
export interface DecodedMessage {
  readonly durable?: boolean;
  readonly priority?: number;
  readonly ttl?: number;
  readonly absolute_expiry_time?: Date | number;
  readonly message_id?: unknown;
  readonly correlation_id?: unknown;
  readonly to?: string;
  readonly reply_to?: string;
  readonly subject?: string;
  readonly content_type?: string;
  readonly group_id?: string;
  readonly group_sequence?: number;
  readonly application_properties?: Readonly<Record<string, unknown>>;
  readonly message_annotations?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** Throws rhea's error or a Refusal if the bytes cannot be read. */
export function decodeMessage(encoded: Buffer): DecodedMessage {
  return rhea.message.decode(withNumericDescriptors(encoded)) as unknown as DecodedMessage;
}

export function encodeMessage(message: Parameters<typeof rhea.message.encode>[0]): Buffer {
  return rhea.message.encode(message);
}

export function dataSection(body: Buffer): unknown {
  return rhea.message.data_section(body);
}
