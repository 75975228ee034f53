/** One client's connection at the AMQP null server. */
import type { Socket } from "node:net";
import { AMQP_HEADER, PERFORMATIVE, SASL_HEADER } from "../../test/brokers/raw-amqp.ts";
import { accepted, attach, begin, farewell, isFarewell, loggedIn, mechanisms, open } from "./amqp-answers.ts";
import { FeedingLink, type SessionState, TakingLink } from "./amqp-links.ts";
import { AmqpReader, isTrue, type RawFrame, uintField } from "./amqp-reader.ts";
import type { NullServerOptions } from "./null-server-options.ts";

interface Session extends SessionState {
  readonly links: Map<number, TakingLink | FeedingLink>;
}

export class AmqpNullConnection {
  readonly #socket: Socket;
  readonly #options: NullServerOptions;
  readonly #sessions = new Map<number, Session>();
  /** The answers to the frames of one read, which go out in one write. */
  #answers: Buffer[] = [];
  readonly #reader = new AmqpReader(
    (protocol) => this.#takeHeader(protocol),
    (frame) => this.#takeFrame(frame),
  );

  constructor(socket: Socket, options: NullServerOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  /** @throws Error for a frame that no client of the bench sends. */
  read(chunk: Buffer): void {
    this.#reader.read(chunk);
    for (const { links } of this.#sessions.values()) {
      for (const link of links.values()) if (link instanceof TakingLink) this.#answer(link.grant());
    }
    if (this.#answers.length > 0) this.#socket.write(Buffer.concat(this.#answers));
    this.#answers = [];
    this.feed();
  }

  /** Writes what credit and windows allow, until the socket's buffer is full. */
  feed(): void {
    for (const { links } of this.#sessions.values()) {
      for (const link of links.values()) {
        if (!(link instanceof FeedingLink)) continue;
        while (!this.#socket.writableNeedDrain) {
          const bytes = link.next();
          if (!bytes) break;
          this.#socket.write(bytes);
        }
      }
    }
  }

  #answer(bytes: Buffer | undefined): void {
    if (bytes) this.#answers.push(bytes);
  }

  #takeHeader(protocol: number): void {
    if (protocol === SASL_HEADER[4]) this.#answers.push(SASL_HEADER, mechanisms());
    else this.#answers.push(AMQP_HEADER);
  }

  #takeFrame(frame: RawFrame): void {
    const { code } = frame;
    if (code === PERFORMATIVE.transfer) this.#transfer(frame);
    else if (code === PERFORMATIVE.disposition) this.#disposition(frame);
    else if (code === PERFORMATIVE.flow) this.#flow(frame);
    else if (code === PERFORMATIVE.attach) this.#attach(frame);
    else if (code === PERFORMATIVE.begin) this.#begin(frame);
    else if (code === PERFORMATIVE.open) this.#answers.push(open(this.#options.pose));
    else if (code === PERFORMATIVE.saslInit) this.#answers.push(loggedIn());
    else if (isFarewell(frame)) this.#leave(frame);
  }

  #begin(frame: RawFrame): void {
    const { channel } = frame;
    const [nextIncomingId, window] = [uintField(frame, 1) ?? 0, uintField(frame, 2) ?? 0];
    this.#sessions.set(channel, { channel, nextIncomingId, nextOutgoingId: 0, windowEnd: window, links: new Map() });
    this.#answers.push(begin(frame));
  }

  #attach(frame: RawFrame): void {
    const session = this.#session(frame);
    const handle = uintField(frame, 1) ?? 0;
    const clientReceives = isTrue(frame, 2);
    session.links.set(
      handle,
      clientReceives ? new FeedingLink(session, handle, this.#options.bodyBytes) : new TakingLink(session, handle),
    );
    this.#answers.push(attach(frame, clientReceives));
  }

  #flow(frame: RawFrame): void {
    const session = this.#session(frame);
    session.windowEnd = (uintField(frame, 0) ?? 0) + (uintField(frame, 1) ?? 0);
    const link = session.links.get(uintField(frame, 4) ?? -1);
    if (link instanceof FeedingLink) link.grant(uintField(frame, 5) ?? 0, uintField(frame, 6) ?? 0, isTrue(frame, 8));
  }

  #transfer(frame: RawFrame): void {
    const session = this.#session(frame);
    session.nextIncomingId += 1;
    const link = session.links.get(uintField(frame, 0) ?? -1);
    if (link instanceof TakingLink) this.#answer(link.take(uintField(frame, 1), isTrue(frame, 4), isTrue(frame, 5)));
  }

  /** What the client has not settled itself is settled by the server. */
  #disposition(frame: RawFrame): void {
    const first = uintField(frame, 1) ?? 0;
    if (!isTrue(frame, 3)) this.#answers.push(accepted(frame.channel, false, first, uintField(frame, 2) ?? first));
  }

  #leave(frame: RawFrame): void {
    const DETACH = 0x16;
    if (frame.code === DETACH) this.#session(frame).links.delete(uintField(frame, 0) ?? -1);
    else this.#sessions.delete(frame.channel);
    this.#answers.push(farewell(frame));
  }

  #session({ channel }: RawFrame): Session {
    const session = this.#sessions.get(channel);
    if (!session) throw new Error(`Nobody began the session of channel ${channel}`);
    return session;
  }
}
