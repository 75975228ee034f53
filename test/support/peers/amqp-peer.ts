/** A scripted AMQP 1.0 broker whose expectations read like the sentences of a scenario. */
import type { Socket } from "node:net";
import type { Certificate } from "../certificate.ts";
import { type AmqpFrame, codeOf, readFrames } from "./amqp-frames.ts";
import { AmqpLine, type PeerMessage } from "./amqp-line.ts";
import { differing, isControl, isFailing, isNamed, outcomeOf, transactionOf } from "./amqp-matching.ts";
import {
  type AmqpStep,
  AttachReaction,
  CoordinatorReaction,
  CreditReaction,
  LinkReaction,
  messageOf,
  OpenReaction,
  openingOf,
  Reaction,
  SaslReaction,
  SettlementReaction,
  TransferReaction,
} from "./amqp-reactions.ts";
import { ScriptedPeer } from "./scripted-peer.ts";

export type Outcome = "accepted" | "rejected" | "released" | "modified";

const OUTCOMES: Readonly<Record<Outcome, number>> = { accepted: 0x24, rejected: 0x25, released: 0x26, modified: 0x27 };

type Check = (frame: AmqpFrame, line: AmqpLine) => string | undefined;

export class AmqpPeer extends ScriptedPeer<AmqpFrame, AmqpLine> {
  #settlementsPass = false;
  /** Every message that arrived, in order. */
  readonly transfers: (PeerMessage & { readonly text: string })[] = [];

  static async listen(options: { readonly certificate?: Certificate } = {}): Promise<AmqpPeer> {
    const peer = new AmqpPeer(options.certificate ? "amqps" : "amqp", options.certificate);
    await peer.listen();
    return peer;
  }

  static async pair(): Promise<[AmqpPeer, AmqpPeer]> {
    return [await AmqpPeer.listen(), await AmqpPeer.listen()];
  }

  static async trio(): Promise<[AmqpPeer, AmqpPeer, AmqpPeer]> {
    return [...(await AmqpPeer.pair()), await AmqpPeer.listen()];
  }

  /** Expects the protocol header. */
  expectHeader(kind: "sasl" | "amqp"): Reaction {
    const step = this.#next(`the ${kind} header`, "header", ({ fields }) =>
      fields["kind"] === kind ? undefined : `it is the ${fields["kind"]} header`,
    );
    return new Reaction(step, this.#drop);
  }

  /** Expects the SASL header and a login, with these credentials if given. */
  expectSasl(credentials?: { readonly username: string; readonly password: string }): SaslReaction {
    this.expectHeader("sasl").write(openingOf("sasl", "PLAIN", "ANONYMOUS"));
    const wanted = credentials && `\u0000${credentials.username}\u0000${credentials.password}`;
    const step = this.#next("a SASL login", "sasl_init", ({ fields }) => {
      const came = String(fields["initial_response"]);
      return wanted === undefined || came === wanted ? undefined : `its credentials are ${JSON.stringify(came)}`;
    });
    return new SaslReaction(step, this.#drop);
  }

  /** Expects the AMQP header and the open frame. */
  expectOpen(fields: Readonly<Record<string, unknown>> = {}): OpenReaction {
    this.expectHeader("amqp").write(openingOf("amqp"));
    const step = this.#next("an open", "open", (frame) => differing(fields, frame.fields));
    return new OpenReaction(step, this.#drop);
  }

  /** Expects a client that logs in and opens, and accepts it. `fields` are those of the peer's open frame. */
  expectConnection(fields: Readonly<Record<string, unknown>> = {}): OpenReaction {
    this.expectSasl().accept();
    return this.expectOpen().answer(fields);
  }

  /** Expects a begin and does not answer it unless told to. Unexpected begins are answered at once. */
  expectBegin(): Reaction {
    return new Reaction(this.#next("a begin", "begin"), this.#drop);
  }

  /** Expects a sender or receiver link, for this queue or topic if given. */
  expectAttach(role: "sender" | "receiver", address?: string): AttachReaction {
    const what = `a ${role}${address === undefined ? "" : ` link to ${address}`}`;
    const step = this.#next(what, "attach", (frame, line) => {
      const link = line.attached(frame);
      if (link.role !== role) return `it is a ${link.role}`;
      return address === undefined || isNamed(link.address, address) ? undefined : `it is to ${link.address}`;
    });
    return new AttachReaction(step, this.#drop);
  }

  /** Expects a receiver for a node that the peer must create and name. */
  expectDynamicReceiver(): AttachReaction {
    const step = this.#next("a receiver on a dynamic node", "attach", (frame, line) => {
      const { role, address } = line.attached(frame);
      return role === "receiver" && address === undefined ? undefined : `it is a ${role} on ${address}`;
    });
    return new AttachReaction(step, this.#drop);
  }

  expectCoordinator(): AttachReaction {
    return this.expectAttach("sender", "coordinator");
  }

  /** Expects credit for a receiver; other flows are ignored. */
  expectCredit(credit?: number): CreditReaction {
    const step = this.#next(`credit${credit === undefined ? "" : ` of ${credit}`}`, "flow", (frame, line) => {
      const given = Number(frame.fields["link_credit"]);
      if (line.linkOf(frame)?.role !== "receiver") return "it is of no receiver";
      return credit === undefined || credit === given ? undefined : `it is of ${given}`;
    });
    return new CreditReaction(step, this.#drop);
  }

  /** Expects credit that must be used up, or given back when there are no more messages (drain). */
  expectDrain(): CreditReaction {
    const step = this.#next("credit to drain", "flow", ({ fields }) =>
      fields["drain"] === true ? undefined : "it is not to be drained",
    );
    return new CreditReaction(step, this.#drop);
  }

  /** Expects one message, with this text if given, and in this transaction if given, otherwise in none. */
  expectTransfer(text?: string, { transaction }: { readonly transaction?: string } = {}): TransferReaction {
    const within = transaction === undefined ? "" : ` in ${transaction}`;
    const step = this.#next(`a transfer${text === undefined ? "" : ` of "${text}"`}${within}`, "transfer", (frame) => {
      if (isControl(frame)) return "it is to the coordinator";
      const message = messageOf(frame);
      const came = transactionOf(frame.state);
      if (came !== transaction) return `it is in ${came ?? "no transaction"}`;
      if (text !== undefined && message.text !== text) return `it is "${message.text}"`;
      this.transfers.push(message);
      return undefined;
    });
    return new TransferReaction(step, this.#drop);
  }

  expectDeclare(): CoordinatorReaction {
    const step = this.#next("a declare", "transfer", (frame) => (isControl(frame, 0x31) ? undefined : "it is none"));
    return new CoordinatorReaction(step, this.#drop);
  }

  /** Expects the end of a transaction: a commit, or with `fail` a rollback. */
  expectDischarge(kind: "commit" | "rollback"): CoordinatorReaction {
    const step = this.#next(`a ${kind}`, "transfer", (frame) => {
      if (!isControl(frame, 0x32)) return "it is no discharge";
      const failing = isFailing(frame);
      return failing === (kind === "rollback") ? undefined : `it is a ${failing ? "rollback" : "commit"}`;
    });
    return new CoordinatorReaction(step, this.#drop);
  }

  /** Expects the client to settle a message that the peer delivered. */
  expectSettlement(outcome: Outcome, { transaction }: { readonly transaction?: string } = {}): SettlementReaction {
    const step = this.#next(`a delivery ${outcome}`, "disposition", ({ fields }) => {
      const came = transactionOf(fields["state"]);
      if (came !== transaction) return `it is in ${came ?? "no transaction"}`;
      const given = outcomeOf(fields["state"]);
      return given === OUTCOMES[outcome] ? undefined : `its state is 0x${given?.toString(16)}`;
    });
    return new SettlementReaction(step, this.#drop);
  }

  /** From now on the client's settlements are not part of the script. */
  letSettlementsPass(): void {
    this.#settlementsPass = true;
  }

  expectDetach(): LinkReaction {
    return new LinkReaction(this.#next("a detach", "detach"), this.#drop);
  }

  expectClose(): Reaction {
    return new Reaction(this.#next("a close", "close"), this.#drop);
  }

  /** Sends a message now, to the receiver of the last connection. */
  deliver(message: PeerMessage): void {
    const line = this.lines.at(-1);
    const link = line?.links.find(({ role }) => role === "receiver");
    if (line && link) line.deliver(link, message);
  }

  /** The broker ends all links now; the connections go on. */
  detachAll(condition?: string): void {
    for (const line of this.lines) for (const link of line.links) line.detach(link, condition);
  }

  protected override open(socket: Socket): AmqpLine {
    const line = new AmqpLine(socket);
    let rest: Buffer = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      rest = readFrames(Buffer.concat([rest, chunk]), (frame) => this.came(frame, line));
    });
    return line;
  }

  protected override tolerate(frame: AmqpFrame, line: AmqpLine, over: boolean): boolean {
    const { name, channel } = frame;
    if (name === "begin") line.begin(frame);
    if (name === "end") line.write("end", channel);
    if (["begin", "end", "flow", "beat"].includes(name)) return true;
    if (name === "disposition" && this.#settlementsPass) return true;
    if (!over) return false;
    const link = line.linkOf(frame);
    if (name === "detach" && link) line.detach(link);
    if (name === "close") line.close();
    return name === "close" || name === "detach" || codeOf(frame.fields["state"]) === OUTCOMES.released;
  }

  protected override describe({ name, fields, ...frame }: AmqpFrame): string {
    if (name === "header") return `the ${fields["kind"]} header`;
    if (name === "transfer") return `transfer "${messageOf({ name, fields, ...frame }).text.slice(0, 40)}"`;
    return name;
  }

  readonly #drop = (line: AmqpLine): void => this.drop(line);

  #next(what: string, name: string, check: Check = () => undefined): AmqpStep {
    const mismatch: Check = (frame, line) => (frame.name === name ? check(frame, line) : "it is something else");
    return this.expect({ what, mismatch, answers: [] }) as AmqpStep;
  }
}
