/** One client's connection to a scripted AMQP peer: its links, and the frames that the peer writes to it. */
import type { Socket } from "node:net";
import rhea from "rhea";
import { type AmqpFrame, codeOf, described, encode, errorOf, readTerminus, sourceOf } from "./amqp-frames.ts";
import type { Line } from "./scripted-peer.ts";

export interface PeerLink {
  readonly channel: number;
  readonly handle: number;
  readonly name: string;
  /** The client's side of it. */
  readonly role: "sender" | "receiver";
  /** The address that the client asked for; undefined for a dynamic node, "coordinator" for a coordinator. */
  readonly address: string | undefined;
  readonly attach: AmqpFrame["fields"];
}

/** A message as a scripted peer gives and takes it. */
export interface PeerMessage {
  readonly body: unknown;
  readonly message_id?: string;
  readonly correlation_id?: string;
  readonly reply_to?: string;
  readonly delivery_count?: number;
  readonly application_properties?: Readonly<Record<string, unknown>>;
}

const WINDOWS = { incoming_window: 65_535, next_outgoing_id: 0, outgoing_window: 65_535 };
const COORDINATOR = 0x30;
const message = rhea.message as unknown as { encode(message: PeerMessage): Buffer };

/** Outcomes and delivery states by their code. */
export const state = {
  accepted: () => described(0x24),
  rejected: (condition: string, description?: string) => described(0x25, errorOf(condition, description)),
  released: () => described(0x26),
  modified: () => described(0x27, true, false),
  declared: (transaction: string) => described(0x33, rhea.types.wrap_binary(Buffer.from(transaction))),
  transactional: (transaction: string, outcome: object) =>
    described(0x34, rhea.types.wrap_binary(Buffer.from(transaction)), outcome),
};

export class AmqpLine implements Line<AmqpFrame> {
  readonly socket: Socket;
  readonly came: AmqpFrame[] = [];
  readonly links: PeerLink[] = [];
  over = false;
  readonly #sent = new Map<number, number>();

  constructor(socket: Socket) {
    this.socket = socket;
  }

  write(name: string, channel: number, fields: Readonly<Record<string, unknown>> = {}, payload?: Buffer): void {
    if (!this.over) this.socket.write(encode(name, channel, fields, payload));
  }

  /** Records a link that the client attaches, by its handle. */
  attached({ channel, fields }: AmqpFrame): PeerLink {
    const role = fields["role"] === true ? "receiver" : "sender";
    const remote = role === "receiver" ? fields["source"] : fields["target"];
    const address = codeOf(remote) === COORDINATOR ? "coordinator" : (readTerminus(remote)["address"] ?? undefined);
    const link = {
      channel,
      handle: Number(fields["handle"]),
      name: String(fields["name"]),
      role,
      address: address as string | undefined,
      attach: fields,
    } as const;
    this.links.push(link);
    return link;
  }

  /** Returns the link of a frame: the last one attached under its handle. */
  linkOf({ channel, fields }: AmqpFrame): PeerLink | undefined {
    const handle = Number(fields["handle"]);
    return this.links.findLast((link) => link.channel === channel && link.handle === handle);
  }

  begin({ channel }: AmqpFrame): void {
    this.write("begin", channel, { remote_channel: channel, ...WINDOWS });
  }

  /** Answers an attach as asked; `dynamic` is the name for a node that was asked for without a name. */
  attach({ channel, handle, name, role, attach }: PeerLink, dynamic?: string): void {
    const named = dynamic === undefined ? undefined : { address: dynamic, dynamic: true };
    this.write("attach", channel, {
      name,
      handle,
      role: role === "sender",
      source: named ? sourceOf(named) : attach["source"],
      target: attach["target"],
      ...(role === "receiver" && { initial_delivery_count: 0 }),
    });
  }

  /** Answers an attach without a source or target, as a refusal begins (AMQP 1.0, 2.6.3). */
  attachNothing({ channel, handle, name, role, attach }: PeerLink): void {
    const kept =
      role === "sender" ? { source: attach["source"] } : { target: attach["target"], initial_delivery_count: 0 };
    this.write("attach", channel, { name, handle, role: role === "sender", ...kept });
  }

  detach({ channel, handle }: PeerLink, condition?: string, description?: string): void {
    const error = condition === undefined ? undefined : errorOf(condition, description);
    this.write("detach", channel, { handle, closed: true, ...(error && { error }) });
  }

  grant({ channel, handle }: PeerLink, credit: number): void {
    const sent = { delivery_count: 0, link_credit: credit };
    this.write("flow", channel, { next_incoming_id: 0, ...WINDOWS, handle, ...sent });
  }

  /** Reports that there are no more messages for the client's credit. */
  drained({ channel, handle }: PeerLink, credit: number, before: number): void {
    const sent = { delivery_count: before + credit, link_credit: 0, drain: true };
    this.write("flow", channel, { next_incoming_id: 0, ...WINDOWS, handle, ...sent });
  }

  deliver({ channel, handle }: PeerLink, content: string | PeerMessage): void {
    const id = this.#sent.get(channel) ?? 0;
    this.#sent.set(channel, id + 1);
    const payload = message.encode(typeof content === "string" ? { body: content } : content);
    this.write("transfer", channel, { handle, delivery_id: id, delivery_tag: Buffer.from(`${id}`) }, payload);
  }

  /** `ours`: true for a delivery that the client sent, false for one that the peer sent. */
  settle(channel: number, id: number, outcome: object | undefined, ours = true): void {
    this.write("disposition", channel, {
      role: ours,
      first: id,
      last: id,
      settled: true,
      ...(outcome && { state: outcome }),
    });
  }

  close(condition?: string, description?: string, info?: Readonly<Record<string, unknown>>): void {
    const error = condition === undefined ? undefined : errorOf(condition, description, info);
    this.write("close", 0, error ? { error } : {});
    this.socket.end();
    this.over = true;
  }
}
