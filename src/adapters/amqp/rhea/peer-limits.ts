/**
 * Enforces rules of AMQP 1.0 that rhea does not check, where a breach would block the process, fill its memory, throw
 * from the event loop or write to the console.
 */
import { LONGEST_TIMER_MS } from "../../../async/timer-limit.ts";
import { checkFields, PERFORMATIVES } from "./peer-fields.ts";
import type {
  DispositionFields,
  FieldsByPosition,
  FlowFields,
  Frame,
  OpenFields,
  RheaConnection,
  RheaLink,
  RheaSession,
  TransferFields,
} from "./rhea-internals.ts";
import { holdCredit } from "./sender-credit.ts";
import { declaredIn, outcomeIn } from "./transactional-state.ts";

/** The largest frame that our open frame allows the peer to send. */
export const MAX_FRAME_SIZE = 65_536;
/**
 * Every peer accepts frames of this size (AMQP 1.0, 2.4.1). For a smaller one rhea would split messages into empty
 * pieces, for ever.
 */
const MIN_FRAME_SIZE = 512;
/**
 * A peer that wants a frame more often than every 50 ms does not get it: we would write all the time, and no network
 * needs it.
 */
const MIN_IDLE_MS = 100;
/** The most pieces of one frame that are kept before they are joined. */
const MAX_CHUNKS = 64;
/**
 * The position of the state in a disposition (AMQP 1.0, 2.7.6), and of source and target in an attach frame (2.7.3).
 */
const STATE = 4;
const TERMINI = [5, 6];
/** source and target: rhea writes to the console for any other, such as a coordinator. */
const KNOWN_TERMINI: ReadonlySet<unknown> = new Set([0x28, 0x29, "amqp:source:list", "amqp:target:list"]);
/** received, accepted, rejected, released and modified: rhea writes to the console for any other. */
const STATES: ReadonlySet<unknown> = new Set([
  ...[0x23, 0x24, 0x25, 0x26, 0x27],
  ...["received", "accepted", "rejected", "released", "modified"].map((name) => `amqp:${name}:list`),
]);

/** The methods that enforce the rules. A breach ends the connection with rhea's `protocol_error` or `error`. */
export function checkedPeer(connection: RheaConnection): Partial<RheaConnection> {
  return { ...checkedInput(connection), ...checkedBeginnings(connection), ...checkedTransfers(connection) };
}

function checkedInput(connection: RheaConnection): Partial<RheaConnection> {
  const { input, _process } = connection;
  const breach = (error: unknown) => {
    connection.dispatch("protocol_error", error instanceof Error ? error : new Error(String(error)));
  };
  return {
    input(bytes) {
      input.call(connection, bytes);
      // rhea would collect a frame of any announced size.
      const { frame_size: bytesOfFrame = 0 } = connection;
      if (bytesOfFrame > MAX_FRAME_SIZE) breach(new Error(`A frame of ${bytesOfFrame} bytes`));
      // rhea keeps the pieces of a frame singly, even pieces of one byte.
      const { chunks } = connection;
      if (chunks && chunks.length > MAX_CHUNKS) connection.chunks = [Buffer.concat(chunks)];
    },
    _process() {
      // rhea calls this in a tick of its own, where nobody catches.
      try {
        _process.call(connection);
      } catch (error) {
        breach(error);
      }
    },
  };
}

function checkedBeginnings(connection: RheaConnection): Partial<RheaConnection> {
  const { on_open, on_begin, on_attach } = connection;
  return {
    on_open(frame) {
      checkOpen(frame.performative);
      on_open.call(connection, frame);
    },
    on_begin(frame) {
      if (typeof frame.performative.remote_channel !== "number") throw new Error("A session that we did not ask for");
      on_begin.call(connection, frame);
    },
    on_attach(frame) {
      const { name, role, value } = frame.performative;
      const { links = {} } = connection.remote_channel_map[frame.channel] ?? {};
      // rhea would create one, grant it credit and decode its messages.
      if (!Object.hasOwn(links, name) || links[name]?.is_receiver() === role)
        throw new Error("A link that we did not ask for");
      for (const at of TERMINI) if (!KNOWN_TERMINI.has(value[at]?.descriptor?.value)) value[at] = undefined;
      on_attach.call(connection, frame);
    },
  };
}

function checkedTransfers(connection: RheaConnection): Partial<RheaConnection> {
  const { on_flow, on_transfer, on_disposition } = connection;
  return {
    on_flow(frame) {
      const { performative } = frame;
      const link = connection.remote_channel_map[frame.channel]?.remote.handles[performative.handle ?? -1];
      if (link && !link.is_receiver()) holdCredit(link, performative);
      if (performative.drain && link?.is_receiver() && !isDrained(link, performative)) performative.drain = false;
      on_flow.call(connection, frame);
    },
    on_transfer(frame) {
      const link = connection.remote_channel_map[frame.channel]?.remote.handles[frame.performative.handle];
      if (link) checkTransfer(link, frame.performative);
      on_transfer.call(connection, frame);
    },
    on_disposition(frame) {
      const session = connection.remote_channel_map[frame.channel];
      if (!session || narrow(session, frame.performative)) on_disposition.call(connection, frame);
    },
  };
}

/** The methods that check the types of a performative's fields before anything else reads them. */
export function checkedFields(connection: RheaConnection): Partial<RheaConnection> {
  const checked: Partial<RheaConnection> = {};
  for (const name of PERFORMATIVES) {
    const take = connection[`on_${name}`] as ((frame: Frame<FieldsByPosition>) => void) | undefined;
    checked[`on_${name}`] = (frame: Frame<FieldsByPosition>) => {
      checkFields(name, frame.performative.value);
      take?.call(connection, frame);
    };
  }
  return checked;
}

function checkOpen(open: OpenFields): void {
  const { max_frame_size: frameSize, idle_time_out: idleMs } = open;
  if (frameSize && frameSize < MIN_FRAME_SIZE) throw new Error(`A max-frame-size of ${frameSize} bytes`);
  // Half of it becomes a timer; a timer that is too long would fire at once, again and again.
  if (idleMs) open.idle_time_out = Math.max(MIN_IDLE_MS, Math.min(idleMs, LONGEST_TIMER_MS));
}

function checkTransfer(link: RheaLink, { delivery_id: id }: TransferFields): void {
  const first = link._incomplete === undefined;
  if (!link.is_receiver()) throw new Error("A message on a link that sends");
  if (first && typeof id !== "number") throw new Error("A delivery without a delivery-id");
  if (first && link.credit <= 0) throw new Error("A message beyond the credit of its link");
}

/**
 * A drained link has used up all its credit (AMQP 1.0, 2.6.7). rhea would apply an outdated credit, and write to the
 * console about credit that is left.
 */
function isDrained({ credit, delivery_count }: RheaLink, flow: FlowFields): boolean {
  return flow.link_credit === 0 && flow.delivery_count === (delivery_count + credit) >>> 0;
}

/**
 * rhea would accept an outcome for a message that still waits for credit, and never send it. An outcome for a half-sent
 * message would be lost too.
 */
function lastSent({ deliveries, next_pending_delivery: next }: RheaSession["outgoing"], range: DispositionFields) {
  const sentInPart = (deliveries.by_id(next)?.next_to_send ?? 0) > 0;
  if (sentInPart && range.first <= next && next <= (range.last ?? range.first)) {
    throw new Error("An outcome of a message that has been sent in part");
  }
  return next - 1;
}

/**
 * Narrows the range to existing deliveries: rhea visits all of it, even four billion ids, and confuses a long-settled
 * delivery with another. Returns whether any are left.
 */
function narrow({ outgoing, incoming }: RheaSession, disposition: DispositionFields): boolean {
  const { deliveries } = disposition.role ? outgoing : incoming;
  const oldest = deliveries.get_head();
  const newest = deliveries.get_tail();
  if (!oldest || !newest) return false;
  const { first, last } = disposition;
  disposition.first = Math.max(first, oldest.id);
  disposition.last = Math.min(last ?? first, newest.id, disposition.role ? lastSent(outgoing, disposition) : newest.id);
  const { state } = disposition;
  disposition.declared = declaredIn(state);
  const outcome = outcomeIn(state);
  disposition.value[STATE] = STATES.has(outcome?.descriptor?.value) ? outcome : undefined;
  return disposition.first <= disposition.last;
}
