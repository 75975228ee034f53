/** What a scripted AMQP peer can do when what it expected has come, by kind of expectation. */
import rhea from "rhea";
import { type AmqpFrame, codeOf, encode, errorOf, header, itemsOf } from "./amqp-frames.ts";
import { type AmqpLine, type PeerLink, type PeerMessage, state } from "./amqp-line.ts";
import type { Step } from "./scripted-peer.ts";

export type AmqpStep = Step<AmqpFrame, AmqpLine>;
type Fields = Readonly<Record<string, unknown>>;

/** To any expectation: nothing at all, or the end of the connection. */
export class Reaction {
  readonly #step: AmqpStep;
  readonly #drop: (line: AmqpLine) => void;

  constructor(step: AmqpStep, drop: (line: AmqpLine) => void) {
    this.#step = step;
    this.#drop = drop;
  }

  protected whenMet(answer: (line: AmqpLine, frame: AmqpFrame) => void): this {
    this.#step.answers.push(answer);
    return this;
  }

  /** What a test does itself when this has come. */
  call(work: () => void): this {
    return this.whenMet(() => work());
  }

  write(bytes: Buffer): this {
    return this.whenMet(({ socket }) => socket.write(bytes));
  }

  /** The socket closes without a word, as when the broker dies. */
  drop(): this {
    return this.whenMet((line) => this.#drop(line));
  }

  /** The peer stops here: it goes on reading and says nothing. */
  stayQuiet(): this {
    return this;
  }

  /** The broker closes the connection in order, with a reason if one is named. */
  closeConnection(condition?: string, description?: string, info?: Fields): this {
    return this.whenMet((line) => line.close(condition, description, info));
  }
}

export class SaslReaction extends Reaction {
  accept(): this {
    return this.#outcome(0);
  }

  /** By the codes of AMQP 1.0, 5.3.3.6: 1 auth, 2 sys, 3 sys-perm, 4 sys-temp. */
  refuse(code: number): this {
    return this.#outcome(code).whenMet((line) => line.socket.end());
  }

  #outcome(code: number): this {
    return this.whenMet((line) => line.write("sasl_outcome", 0, { code }));
  }
}

export class OpenReaction extends Reaction {
  /** `fields` of the open frame, `properties` in it among them. */
  answer(fields: Fields = {}): this {
    return this.whenMet((line) => line.write("open", 0, { container_id: "peer", ...fields }));
  }

  /** Opens, says that it will not be, and closes with the reason, in one piece, as Artemis and Classic do. */
  refuse(condition: string, description?: string, info?: Fields): this {
    return this.whenMet((line) => {
      const properties = { "amqp:connection-establishment-failed": true };
      const error = errorOf(condition, description, info);
      const refusal = [encode("open", 0, { container_id: "peer", properties }), encode("close", 0, { error })];
      line.socket.end(Buffer.concat(refusal));
      line.over = true;
    });
  }
}

/** To an attach, or to what comes over the link later. */
export class LinkReaction extends Reaction {
  protected onLink(answer: (line: AmqpLine, link: PeerLink, frame: AmqpFrame) => void): this {
    return this.whenMet((line, frame) => {
      const link = line.linkOf(frame);
      if (link) answer(line, link, frame);
    });
  }

  /** The link is closed by the broker; the connection is not. */
  detach(condition?: string, description?: string): this {
    return this.onLink((line, link) => line.detach(link, condition, description));
  }

  /** The AMQP session is ended by the broker; the connection is not. */
  endSession(condition: string): this {
    return this.onLink((line, { channel }) => line.write("end", channel, { error: errorOf(condition) }));
  }
}

export class AttachReaction extends LinkReaction {
  answer(dynamicAddress?: string): this {
    return this.onLink((line, link) => line.attach(link, dynamicAddress));
  }

  /** Answers, and lets the client send so many messages. */
  grant(credit = 1000): this {
    return this.answer().onLink((line, link) => line.grant(link, credit));
  }

  refuse(condition?: string, description?: string): this {
    return this.onLink((line, link) => {
      line.attachNothing(link);
      line.detach(link, condition, description);
    });
  }

  /** Answers as if all were well, and detaches in a later turn. */
  refuseLate(condition?: string): this {
    return this.answer().onLink((line, link) => setImmediate(() => line.detach(link, condition)));
  }
}

/** To credit that the client gives. */
export class CreditReaction extends LinkReaction {
  deliver(...messages: readonly (string | PeerMessage)[]): this {
    return this.onLink((line, link) => {
      for (const message of messages) line.deliver(link, message);
    });
  }

  /** Hands over these, and says that there is no more. */
  drain(...messages: readonly (string | PeerMessage)[]): this {
    return this.deliver(...messages).onLink((line, link, { fields }) => {
      line.drained(link, Number(fields["link_credit"]), Number(fields["delivery_count"] ?? 0));
    });
  }
}

/** To a message that the client sends. */
export class TransferReaction extends LinkReaction {
  accept(): this {
    return this.settle(state.accepted());
  }
  reject(condition: string, description?: string): this {
    return this.settle(state.rejected(condition, description));
  }
  release(): this {
    return this.settle(state.released());
  }
  modify(): this {
    return this.settle(state.modified());
  }
  dropBeforeDisposition(): this {
    return this.drop();
  }

  /** Within the transaction it came in, if it came in one. */
  protected settle(outcome: object): this {
    return this.whenMet((line, { channel, fields, state: came }) => {
      const [transaction] = codeOf(came) === 0x34 ? itemsOf(came) : [];
      const answer = transaction === undefined ? outcome : state.transactional(String(transaction), outcome);
      line.settle(channel, Number(fields["delivery_id"]), answer);
    });
  }
}

/** To declare and discharge. */
export class CoordinatorReaction extends TransferReaction {
  declared(transaction: string): this {
    return this.settle(state.declared(transaction));
  }
}

/** To a settlement of something we delivered. */
export class SettlementReaction extends Reaction {
  /** Settles in turn, as is due to what was accepted in a transaction. */
  settle(): this {
    return this.whenMet((line, { channel, fields }) => {
      line.settle(channel, Number(fields["first"]), fields["state"] as object, false);
    });
  }
}

/** What a transfer carried, decoded. */
export function messageOf({ payload }: AmqpFrame): PeerMessage & { readonly text: string } {
  const decoded = rhea.message.decode(payload ?? Buffer.alloc(0)) as unknown as PeerMessage;
  const { body } = decoded;
  const content = (body as { readonly content?: unknown } | null)?.content ?? body;
  const text = Buffer.isBuffer(content) ? content.toString() : String(content);
  return Object.assign(decoded, { text });
}

export const openingOf = (kind: "sasl" | "amqp", ...mechanisms: readonly string[]): Buffer =>
  mechanisms.length === 0
    ? header(kind)
    : Buffer.concat([header(kind), encode("sasl_mechanisms", 0, { sasl_server_mechanisms: mechanisms })]);
