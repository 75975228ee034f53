/** AMQP over a bare socket: frames are made once and only their numbers are overwritten. No client can be faster. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import {
  AMQP_HEADER,
  described,
  frame,
  NULL,
  openLink,
  PERFORMATIVE,
  SASL_HEADER,
  saslPlain,
  string,
  symbol,
  TRUE,
  ubyte,
  uint,
} from "../../test/brokers/raw-amqp.ts";
import { acceptedMaker, flow, transfers, transferTemplate } from "../null-server/amqp-answers.ts";
import { AmqpReader, type RawFrame, uintField } from "../null-server/amqp-reader.ts";
import { terminusOf } from "./amqp-terminus.ts";
import type { SendTerms } from "./bench-peer.ts";
import type { Workload } from "./workload.ts";

const CLOSE = 0x18;
const DETACH = 0x16;

/** Logs in and opens one session with one link, on channel 0 with handle 0. */
async function openBare(workload: Workload, take: (frame: RawFrame) => void): Promise<BareSocket> {
  const { endpoint, credentials } = workload;
  const socket = connect({ ...endpoint, noDelay: true });
  await once(socket, "connect");
  return new Promise((resolve, reject) => {
    const bare = { socket, afterRead: () => {} };
    const reader = new AmqpReader(
      () => {},
      (received) => {
        const { code } = received;
        if (code === PERFORMATIVE.saslOutcome) socket.write(Buffer.concat([AMQP_HEADER, linkOf(workload)]));
        else if (code === PERFORMATIVE.attach) resolve(bare);
        else if (code === CLOSE || code === DETACH) reject(new Error("The broker closed the link"));
        take(received);
      },
    );
    socket.on("data", (chunk) => {
      reader.read(chunk);
      bare.afterRead();
    });
    socket.write(Buffer.concat([SASL_HEADER, saslPlain(credentials.username, credentials.password)]));
  });
}

interface BareSocket {
  readonly socket: Socket;
  /** Called when all frames of one read have been processed. */
  afterRead: () => void;
}

function linkOf(workload: Workload): Buffer {
  const { address, capabilities } = terminusOf(workload);
  const [capability] = capabilities;
  const opening = openLink(`bare-${process.pid}`, address, capability);
  if (workload.kind !== "receive") return opening;
  // The last frame is the attach of a sender; a receiver's attach replaces it.
  const sender = opening.lastIndexOf(Buffer.from([0x00, 0x53, PERFORMATIVE.attach])) - 8;
  const source = [string(address), ...Array(9).fill(NULL), capability === undefined ? NULL : symbol(capability)];
  const ends = [described(0x28, source), described(0x29, [])];
  const attach = [string("bare"), uint(0), TRUE, ubyte(0), ubyte(0), ...ends];
  return Buffer.concat([opening.subarray(0, sender), frame(0, described(PERFORMATIVE.attach, attach))]);
}

export interface BareSender {
  sendFor(terms: SendTerms): Promise<number>;
  send(done: () => void): void;
}

/** `id`: whether each message has an id for duplicate detection, into which its number is written. */
export async function openBareSender(workload: Workload, id?: string): Promise<BareSender> {
  const template = transferTemplate(0, 0, workload.bodyBytes, id);
  let [sent, confirmed, limit] = [0, 0, 0];
  const bare = await openBare(workload, (received) => {
    if (received.code === PERFORMATIVE.flow) limit = limitOf(received) ?? limit;
    if (received.code === PERFORMATIVE.disposition) confirmed += lengthOf(received);
  });
  const write = (count: number): void => {
    if (count <= 0) return;
    bare.socket.write(transfers(template, sent, sent, count));
    sent += count;
  };
  return {
    sendFor: ({ window, ms }) =>
      new Promise((resolve) => {
        const before = confirmed;
        const end = performance.now() + ms;
        bare.afterRead = () => {
          const over = performance.now() >= end;
          if (!over) write(Math.min(window - (sent - confirmed), limit - sent));
          else if (sent === confirmed) resolve(confirmed - before);
        };
        bare.afterRead();
      }),
    send(done) {
      const number = sent;
      bare.afterRead = () => {
        if (sent === number) write(Math.min(1, limit - sent));
        else if (confirmed === sent) done();
      };
      bare.afterRead();
    },
  };
}

/** Accepts each delivery by its own disposition; those of one read go out in one write. */
export async function receiveBare(workload: Workload, took: () => void): Promise<void> {
  const { prefetch } = workload;
  const accept = acceptedMaker(0);
  let [received, granted] = [0, 0];
  let answers: Buffer[] = [];
  const bare = await openBare(workload, (frame) => {
    if (frame.code !== PERFORMATIVE.transfer) return;
    answers.push(accept(uintField(frame, 1) ?? 0));
    received += 1;
    took();
  });
  bare.afterRead = () => {
    if (granted - received <= prefetch / 2) {
      granted = received + prefetch;
      const link = { handle: 0, deliveryCount: received, credit: prefetch };
      answers.push(flow(0, { nextIncomingId: received, nextOutgoingId: 0, ...link }));
    }
    if (answers.length > 0) bare.socket.write(Buffer.concat(answers));
    answers = [];
  };
  bare.afterRead();
}

/** Returns the delivery count up to which the flow grants credit; undefined for a flow of the session alone. */
function limitOf(received: RawFrame): number | undefined {
  const credit = uintField(received, 6);
  return credit === undefined ? undefined : (uintField(received, 5) ?? 0) + credit;
}

function lengthOf(received: RawFrame): number {
  const first = uintField(received, 1) ?? 0;
  return (uintField(received, 2) ?? first) - first + 1;
}
