/** What a scripted AMQP peer can do after an expected frame has arrived, by kind of expectation. */
import rhea from "rhea";
import { type AmqpFrame, codeOf, encode, errorOf, header, itemsOf } from "./amqp-frames.ts";
import { type AmqpLine, type PeerLink, type PeerMessage, state } from "./amqp-line.ts";
import type { Step } from "./scripted-peer.ts";

export type AmqpStep = Step<AmqpFrame, AmqpLine>;
type Fields = Readonly<Record<string, unknown>>;

/** Reactions to any expectation: do nothing, or end the connection. */
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

  /** Runs code of the test after the frame has arrived. */
  call(work: () => void): this {
    return this.whenMet(() => work());
  }

  write(bytes: Buffer): this {
    return this.whenMet(({ socket }) => socket.write(bytes));
  }

  /** Closes the socket without a frame, as when the broker dies. */
  drop(): this {
    return this.whenMet((line) => this.#drop(line));
  }

  /** From here on the peer reads and never answers. */
  stayQuiet(): this {
    return this;
  }

  /** The broker closes the connection properly, with an error if one is given. */
  closeConnection(condition?: string, description?: string, info?: Fields): this {
    return this.whenMet((line) => line.close(condition, description, info));
  }
}

export class SaslReaction extends Reaction {
  accept(): this {
    return this.#outcome(0);
  }

  /** The codes of AMQP 1.0, 5.3.3.6: 1 auth, 2 sys, 3 sys-perm, 4 sys-temp. */
  refuse(code: number): this {
    return this.#outcome(code).whenMet((line) => line.socket.end());
  }

  #outcome(code: number): this {
    return this.whenMet((line) => line.write("sasl_outcome", 0, { code }));
  }
}

export class OpenReaction extends Reaction {
  /** `fields` of the open frame, which include its `properties`. */
  answer(fields: Fields = {}): this {
    return this.whenMet((line) => line.write("open", 0, { container_id: "peer", ...fields }));
  }

  /**
   * Sends open and then close with the reason, in one write, as Artemis and Classic do when they refuse a connection.
   */
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

/** Reactions to an attach, which may also come later over the link. */
export class LinkReaction extends Reaction {
  protected onLink(answer: (line: AmqpLine, link: PeerLink, frame: AmqpFrame) => void): this {
    return this.whenMet((line, frame) => {
      const link = line.linkOf(frame);
      if (link) answer(line, link, frame);
    });
  }

  /** The broker closes the link, not the connection. */
  detach(condition?: string, description?: string): this {
    return this.onLink((line, link) => line.detach(link, condition, description));
  }

  /** The broker ends the AMQP session, not the connection. */
  endSession(condition: string): this {
    return this.onLink((line, { channel }) => line.write("end", channel, { error: errorOf(condition) }));
  }
}

export class AttachReaction extends LinkReaction {
  answer(dynamicAddress?: string): this {
    return this.onLink((line, link) => line.attach(link, dynamicAddress));
  }

  /** Answers the attach, and gives credit for this many messages. */
  grant(credit = 1000): this {
    return this.answer().onLink((line, link) => line.grant(link, credit));
  }

  refuse(condition?: string, description?: string): this {
    return this.onLink((line, link) => {
      line.attachNothing(link);
      line.detach(link, condition, description);
    });
  }

  /** Answers as if it succeeded, and detaches in a later turn of the event loop. */
  refuseLate(condition?: string): this {
    return this.answer().onLink((line, link) => setImmediate(() => line.detach(link, condition)));
  }
}

/** Reactions to credit from the client. */
export class CreditReaction extends LinkReaction {
  deliver(...messages: readonly (string | PeerMessage)[]): this {
    return this.onLink((line, link) => {
      for (const message of messages) line.deliver(link, message);
    });
  }

  /** Delivers these messages, and then reports that there are no more. */
  drain(...messages: readonly (string | PeerMessage)[]): this {
    return this.deliver(...messages).onLink((line, link, { fields }) => {
      line.drained(link, Number(fields["link_credit"]), Number(fields["delivery_count"] ?? 0));
    });
  }
}

/** Reactions to a message from the client. */
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

  /** Answers within the message's transaction, if it has one. */
  protected settle(outcome: object): this {
    return this.whenMet((line, { channel, fields, state: came }) => {
      const [transaction] = codeOf(came) === 0x34 ? itemsOf(came) : [];
      const answer = transaction === undefined ? outcome : state.transactional(String(transaction), outcome);
      line.settle(channel, Number(fields["delivery_id"]), answer);
    });
  }
}

/** Reactions to declare and discharge. */
export class CoordinatorReaction extends TransferReaction {
  declared(transaction: string): this {
    return this.settle(state.declared(transaction));
  }
}

/** Reactions to the settlement of a message that the peer delivered. */
export class SettlementReaction extends Reaction {
  /** Settles as well, which a delivery accepted in a transaction requires. */
  settle(): this {
    return this.whenMet((line, { channel, fields }) => {
      line.settle(channel, Number(fields["first"]), fields["state"] as object, false);
    });
  }
}

/** Returns the decoded payload of a transfer. */
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
