/**
 * The link that begins and ends transactions, one after another, on an AMQP session of its own; rhea has no support for
 * it (AMQP 1.0, part 4).
 */
import type { AmqpError, Delivery, Sender, Session } from "rhea";
import { describeCondition } from "../opening/failures.ts";
import type { SessionDeps } from "../opening/session-deps.ts";
import { errorOf, writeNow } from "../rhea/outgoing-transfers.ts";
import { onDeclared, targetCoordinator } from "../rhea/transactional-state.ts";

export type CoordinatorAnswer =
  | { readonly kind: "declared"; readonly txnId: Buffer }
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly reason: string };

export interface CoordinatorRequest {
  /** Called when the broker can take the message; the message goes out right after what this function writes. */
  write(): Buffer;
  onAnswer(answer: CoordinatorAnswer): void;
}

export class Coordinator {
  readonly #context: SessionDeps;
  readonly #amqpSession: Session;
  readonly #sender: Sender;
  #request: CoordinatorRequest | undefined;
  #delivery: Delivery | undefined;
  #declared: Buffer | undefined;
  #gone: string | undefined;
  /** Called once, when the broker has refused or ended the link: its transaction is rolled back. */
  onGone: (reason: string) => void = () => {};

  constructor(context: SessionDeps) {
    this.#context = context;
    const { connection, guard } = context;
    this.#amqpSession = connection.create_session();
    onDeclared(this.#amqpSession, (txnId) => {
      this.#declared = txnId;
    });
    this.#amqpSession.on(
      "session_close",
      guard(() => this.#end(this.#amqpSession.error)),
    );
    this.#amqpSession.begin();
    const sender = this.#amqpSession.attach_sender({ snd_settle_mode: 0, treat_modified_as_released: false });
    this.#sender = sender;
    targetCoordinator(sender);
    const on = (event: string, work: () => void) => sender.on(event, guard(work));
    // The settlement of an earlier request may come after its answer (AMQP 1.0, 2.6.12).
    const onAnswer = (event: string, work: (delivery: Delivery) => void) =>
      sender.on(
        event,
        guard(({ delivery }) => delivery && delivery === this.#delivery && work(delivery)),
      );
    on("sender_flow", () => this.#write());
    on("sender_close", () => this.#end(sender.error));
    onAnswer("accepted", () => this.#answer({ kind: "accepted" }));
    onAnswer("rejected", (delivery) => this.#refuse(errorOf(delivery)));
    onAnswer("released", () => this.#refuse(undefined));
    onAnswer("modified", () => this.#refuse(undefined));
    onAnswer("settled", () => {
      if (this.#declared) this.#answer({ kind: "declared", txnId: this.#declared });
      else this.#refuse(undefined);
    });
  }

  /** Whether it can take another request. */
  get usable(): boolean {
    return this.#gone === undefined && this.#request === undefined;
  }

  /** Sends a request; one at a time. */
  ask(request: CoordinatorRequest): void {
    this.#request = request;
    if (this.#gone !== undefined) this.#answer({ kind: "refused", reason: this.#gone });
    // In a microtask: rhea may be in the middle of its own processing.
    else queueMicrotask(this.#context.guard(() => this.#write()));
  }

  close(): void {
    this.#gone ??= "it was closed";
    this.#sender.close();
    this.#amqpSession.close();
  }

  #write(): void {
    if (!this.#request || this.#delivery || !this.#sender.sendable() || this.#context.isOver()) return;
    this.#delivery = this.#sender.send(this.#request.write(), undefined, 0);
    // Written at once: Classic would count acceptances in between as part of the transaction.
    writeNow(this.#amqpSession);
  }

  #refuse(error: AmqpError | undefined): void {
    this.#answer({ kind: "refused", reason: describeCondition(error ?? {}, this.#context.redact) });
  }

  /**
   * Told in a microtask: rhea is in the middle of reporting answers, and what follows would make it report them again.
   */
  #answer(answer: CoordinatorAnswer): void {
    const request = this.#request;
    if (!request) return;
    this.#request = undefined;
    this.#delivery = undefined;
    this.#declared = undefined;
    queueMicrotask(this.#context.guard(() => request.onAnswer(answer)));
  }

  #end(error: AmqpError | Error | undefined): void {
    if (this.#gone !== undefined) return;
    const { condition, description } = error && "condition" in error ? error : {};
    this.#gone = describeCondition({ condition, description }, this.#context.redact);
    this.#amqpSession.close();
    this.#answer({ kind: "refused", reason: this.#gone });
    this.onGone(this.#gone);
  }
}
