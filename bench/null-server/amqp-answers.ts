/** The frames that the AMQP null server writes. Those of messages are made once, and their numbers are overwritten. */
import { DUPLICATE_ID_PROPERTY } from "../../src/messaging/messages/outgoing-message.ts";
import {
  described,
  FALSE,
  frame,
  NULL,
  PERFORMATIVE,
  string,
  symbol,
  TRUE,
  ubyte,
  uint,
  variable,
} from "../../test/brokers/raw-amqp.ts";
import type { Product } from "../../test/brokers/real-group.ts";
import { numberPlace, writeNumber } from "../driver/numbered-ids.ts";
import { fieldBytes, MAX_FRAME_BYTES, type RawFrame } from "./amqp-reader.ts";

/** What the real brokers announce in open. */
const PRODUCTS: Readonly<Record<Product, readonly [name: string, version: string]>> = {
  classic: ["ActiveMQ", "6.1.8"],
  artemis: ["apache-activemq-artemis", "2.55.0"],
};
const END = { detach: 0x16, end: 0x17, close: 0x18 } as const;
const UNBOUNDED = 0x7fffffff;
const ACCEPTED_STATE = described(0x24, []);

export const BEAT = Buffer.from([0, 0, 0, 8, 2, 0, 0, 0]);

export function mechanisms(): Buffer {
  const names = ["PLAIN", "ANONYMOUS"].map((name) => Buffer.from([name.length, ...Buffer.from(name)]));
  const items = Buffer.concat(names);
  const array = Buffer.concat([Buffer.from([0xe0, items.length + 2, names.length, 0xa3]), items]);
  return frame(1, described(0x40, [array]));
}

export function loggedIn(): Buffer {
  return frame(1, described(PERFORMATIVE.saslOutcome, [ubyte(0)]));
}

export function open(pose: Product): Buffer {
  const [name, version] = PRODUCTS[pose];
  const pairs = [symbol("product"), string(name), symbol("version"), string(version)];
  const items = Buffer.concat(pairs);
  const properties = Buffer.concat([Buffer.from([0xc1, items.length + 1, pairs.length]), items]);
  const fields = [string("null-server"), NULL, uint(MAX_FRAME_BYTES), NULL, NULL, NULL, NULL, NULL, NULL, properties];
  return frame(0, described(PERFORMATIVE.open, fields));
}

export function begin({ channel }: RawFrame): Buffer {
  const remote = Buffer.from([0x60, channel >> 8, channel & 0xff]);
  return on(channel, PERFORMATIVE.begin, [remote, uint(0), uint(UNBOUNDED), uint(UNBOUNDED)]);
}

/** Returns the same link from the server's side. */
export function attach(asked: RawFrame, clientReceives: boolean): Buffer {
  const [name, handle, , sndMode, rcvMode, source, target] = [0, 1, 2, 3, 4, 5, 6].map((at) => fieldBytes(asked, at));
  const ours = [clientReceives ? FALSE : TRUE, sndMode, rcvMode, source, target, NULL, NULL, uint(0)];
  return on(asked.channel, PERFORMATIVE.attach, [name, handle, ...ours] as Buffer[]);
}

export interface FlowState {
  readonly nextIncomingId: number;
  readonly nextOutgoingId: number;
  readonly handle: number;
  readonly deliveryCount: number;
  readonly credit: number;
  readonly drain?: boolean;
}

export function flow(channel: number, state: FlowState): Buffer {
  const session = [uint(state.nextIncomingId), uint(UNBOUNDED), uint(state.nextOutgoingId), uint(UNBOUNDED)];
  const link = [uint(state.handle), uint(state.deliveryCount), uint(state.credit), NULL, state.drain ? TRUE : FALSE];
  return on(channel, PERFORMATIVE.flow, [...session, ...link]);
}

/** `role` is the server's: true for messages that the client sent. */
export function accepted(channel: number, role: boolean, first: number, last: number): Buffer {
  const fields = [role ? TRUE : FALSE, uint(first), uint(last), TRUE, ACCEPTED_STATE];
  return on(channel, PERFORMATIVE.disposition, fields);
}

/** Answers detach, end and close with the same performative, the same handle, and closed. */
export function farewell(asked: RawFrame): Buffer {
  const fields = asked.code === END.detach ? [fieldBytes(asked, 0), fieldBytes(asked, 1)] : [];
  return on(asked.channel, asked.code, fields);
}

export function isFarewell({ code }: RawFrame): boolean {
  return code === END.detach || code === END.end || code === END.close;
}

/** A frame whose numbers are overwritten. */
export interface Template {
  readonly bytes: Buffer;
  readonly idAt: number;
  readonly tagAt: number;
  /** The part of a message with its own id. */
  readonly numberAt: number | undefined;
}

/** Makes a durable message with one data section, preceded by `id` as an application property if given. */
export function transferTemplate(channel: number, handle: number, bodyBytes: number, id?: string): Template {
  const tag = variable(0xa0, 0xb0, Buffer.alloc(4, 0xee));
  const transfer = described(PERFORMATIVE.transfer, [uint(handle), uint(0xdddddddd), tag, uint(0), FALSE]);
  const data = Buffer.concat([Buffer.from([0x00, 0x53, 0x75]), variable(0xa0, 0xb0, Buffer.alloc(bodyBytes, "x"))]);
  const properties = id === undefined ? [] : [applicationProperty(DUPLICATE_ID_PROPERTY, id)];
  const bytes = frame(0, transfer, described(0x70, [TRUE]), ...properties, data);
  if (bytes.length > MAX_FRAME_BYTES) throw new Error(`A body of ${bodyBytes} bytes does not fit into one frame`);
  bytes.writeUInt16BE(channel, 6);
  return { bytes, idAt: placeOf(bytes, 0xdd), tagAt: placeOf(bytes, 0xee), numberAt: numberPlace(bytes) };
}

/** Four of this byte mark the place of a number. */
function placeOf(bytes: Buffer, byte: number): number {
  return bytes.indexOf(Buffer.alloc(4, byte));
}

function applicationProperty(name: string, text: string): Buffer {
  const items = Buffer.concat([string(name), string(text)]);
  return Buffer.concat([Buffer.from([0x00, 0x53, 0x74, 0xc1, items.length + 1, 2]), items]);
}

/** Returns this many messages in a row, numbered from these numbers on. */
export function transfers(
  { bytes, idAt, tagAt, numberAt }: Template,
  firstId: number,
  firstTag: number,
  count: number,
): Buffer {
  const frames = Buffer.allocUnsafe(count * bytes.length);
  for (let n = 0; n < count; n += 1) {
    const at = n * bytes.length;
    bytes.copy(frames, at);
    frames.writeUInt32BE(firstId + n, at + idAt);
    frames.writeUInt32BE(firstTag + n, at + tagAt);
    if (numberAt !== undefined) writeNumber(frames, at + numberAt, firstId + n);
  }
  return frames;
}

/** Makes dispositions that accept one delivery of the client. */
export function acceptedMaker(channel: number): (id: number) => Buffer {
  const bytes = accepted(channel, true, 0xdddddddd, 0xeeeeeeee);
  const places = [0xdd, 0xee].map((byte) => placeOf(bytes, byte));
  return (id) => {
    const answer = Buffer.from(bytes);
    for (const at of places) answer.writeUInt32BE(id, at);
    return answer;
  };
}

function on(channel: number, code: number, fields: readonly Buffer[]): Buffer {
  const bytes = frame(0, described(code, fields));
  bytes.writeUInt16BE(channel, 6);
  return bytes;
}
