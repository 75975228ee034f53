/** The ways in which a peer misbehaves once its moment has come. */
import type { Socket } from "node:net";
import { encode, errorOf, header } from "../../support/peers/amqp-frames.ts";
import type { Protocol } from "../../support/stories.ts";

export interface Misbehaviour {
  readonly name: string;
  /** `frame`: what the peer would have said at this moment, or what it was told. */
  readonly act: (socket: Socket, frame: Buffer) => void;
  /** What comes after it goes its usual way; otherwise nothing more does. */
  readonly goesOn?: boolean;
}

/** What a peer floods with until the client is gone; no client takes so much. */
const FLOOD_BYTES = 64 * 1024 * 1024;
const BLOCK_BYTES = 64 * 1024;
const EVIL = "\u001b[2J\u001b]0;owned\u0007\r\nINFO all is well\u009b31m";

/** How much of a flood has been written: the rest was stopped by the client. */
export const floods = new WeakMap<Socket, number>();

function flood(socket: Socket, block: Buffer, begin = "", limit = FLOOD_BYTES): void {
  socket.write(begin);
  const write = () => {
    for (let room = true; room && !socket.destroyed; ) {
      const flooded = (floods.get(socket) ?? 0) + block.length;
      floods.set(socket, flooded);
      if (flooded > limit) return;
      room = socket.write(block);
    }
  };
  socket.on("drain", write);
  write();
}

const filled = (text: string) => Buffer.from(text.repeat(Math.ceil(BLOCK_BYTES / text.length)), "latin1");

const COMMON: readonly Misbehaviour[] = [
  { name: "closes", act: (socket) => socket.end() },
  { name: "resets", act: (socket) => socket.resetAndDestroy() },
  { name: "is silent", act: () => {} },
  {
    name: "sends garbage",
    act: (socket) => socket.write(Buffer.from("\x93\xfe\0\x01\n\n\0garbage\0\n".repeat(20), "latin1")),
  },
  { name: "answers as a web server", act: (socket) => socket.write("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n") },
  {
    name: "breaks off within a frame and closes",
    act: (socket, frame) => socket.end(frame.subarray(0, frame.length / 2)),
  },
  {
    name: "breaks off within a frame and is silent",
    act: (socket, frame) => socket.write(frame.subarray(0, frame.length / 2)),
  },
  { name: "sends noughts without end", act: (socket) => flood(socket, filled("\0")) },
  { name: "sends letters without end", act: (socket) => flood(socket, filled("a")) },
];

const stomp = (text: string) => (socket: Socket) => socket.write(Buffer.from(text, "latin1"));

const STOMP: readonly Misbehaviour[] = [
  { name: "sends an ERROR", act: stomp(`ERROR\nmessage:${EVIL.replace(/[\r\n]/g, "")}\n\n${EVIL}\0`) },
  { name: "sends an ERROR and closes", act: (socket) => socket.end("ERROR\nmessage:no\n\nno\0") },
  { name: "answers to a receipt nobody asked for", act: stomp("RECEIPT\nreceipt-id:999999\n\n\0") },
  {
    name: "sends a MESSAGE for nobody",
    act: stomp("MESSAGE\nsubscription:nobody\nmessage-id:1\ndestination:/queue/x\n\nx\0"),
  },
  { name: "sends CONNECTED again", act: stomp("CONNECTED\nversion:1.2\nheart-beat:2000,2000\n\n\0") },
  { name: "sends a command of nobody's", act: stomp("EXPLODE\nnow:please\n\n\0") },
  { name: "sends a header without an end", act: (socket) => flood(socket, filled("x"), "MESSAGE\nx:") },
  { name: "sends headers without end", act: (socket) => flood(socket, filled("a:b\n"), "MESSAGE\n") },
  { name: "sends frames of nobody's without end", act: (socket) => flood(socket, filled("EXPLODE\n\n\0")) },
  {
    name: "sends an ERROR without end",
    act: (socket) => flood(socket, filled("x"), "ERROR\nmessage:x\n\n"),
  },
  {
    name: "promises a body of 4 GB and is silent",
    act: stomp("MESSAGE\nsubscription:1\ncontent-length:4294967296\n\nx"),
  },
  { name: "names a length that is none", act: stomp("MESSAGE\nsubscription:1\ncontent-length:-7e3\n\nx\0") },
];

const amqp =
  (name: string, channel: number, fields: Readonly<Record<string, unknown>>, payload?: Buffer) => (socket: Socket) =>
    socket.write(encode(name, channel, fields, payload));
const WINDOWS = { next_outgoing_id: 0, incoming_window: 100, outgoing_window: 100 };
const raw = (...bytes: readonly number[]) => Buffer.from(bytes);

const AMQP: readonly Misbehaviour[] = [
  { name: "closes with an error", act: amqp("close", 0, { error: errorOf("amqp:internal-error", EVIL) }) },
  { name: "ends the session", act: amqp("end", 0, { error: errorOf("amqp:internal-error", EVIL) }) },
  {
    name: "detaches the first link",
    act: amqp("detach", 0, { handle: 0, closed: true, error: errorOf("amqp:internal-error", EVIL) }),
  },
  { name: "detaches a link of nobody's", act: amqp("detach", 0, { handle: 77, closed: true }) },
  { name: "begins a session of nobody's", act: amqp("begin", 9, { remote_channel: 55, ...WINDOWS }) },
  { name: "begins a session by itself", act: amqp("begin", 9, { ...WINDOWS }) },
  {
    name: "attaches a link by itself",
    act: amqp("attach", 0, { name: "mine", handle: 50, role: false, initial_delivery_count: 0 }),
  },
  {
    name: "settles four thousand million deliveries",
    act: amqp("disposition", 0, { role: true, first: 0, last: 0xffff_ffff, settled: true }),
    goesOn: true,
  },
  {
    name: "transfers on a handle of nobody's",
    act: amqp("transfer", 0, { handle: 88, delivery_id: 0, delivery_tag: Buffer.from("x") }, raw(0)),
  },
  {
    name: "transfers on a channel of nobody's",
    act: amqp("transfer", 44, { handle: 0, delivery_id: 0, delivery_tag: Buffer.from("x") }, raw(0)),
  },
  { name: "opens again", act: amqp("open", 0, { container_id: "again" }) },
  { name: "speaks SASL again", act: (socket) => socket.write(header("sasl")) },
  {
    name: "announces a frame of 4 GB",
    act: (socket) => flood(socket, Buffer.concat([raw(0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0), filled("x")])),
  },
  { name: "announces a frame of no bytes", act: (socket) => socket.write(raw(0, 0, 0, 0, 2, 0, 0, 0)) },
  {
    name: "sends an array of four thousand million nulls",
    act: (socket) =>
      socket.write(raw(0, 0, 0, 21, 2, 0, 0, 0, 0, 0x53, 0x13, 0xf0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x40)),
  },
  {
    name: "beats thousands of times and is silent",
    act: (socket) => flood(socket, filled("\0\0\0\x08\x02\0\0\0"), "", 512 * 1024),
  },
  {
    name: "sends a performative of nobody's",
    act: (socket) => socket.write(raw(0, 0, 0, 12, 2, 0, 0, 0, 0, 0x53, 0x99, 0x45)),
  },
];

export const MISBEHAVIOURS: Readonly<Record<Protocol, readonly Misbehaviour[]>> = {
  stomp: [...COMMON, ...STOMP],
  amqp: [...COMMON, ...AMQP],
};
