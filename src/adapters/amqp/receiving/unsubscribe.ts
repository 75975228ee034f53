/** Deletes durable subscriptions: attaches to one without naming its topic, and closes it (as Qpid JMS does). */
import type { AmqpError, Receiver, Session } from "rhea";
import { formatAddress, type MasterSlaveError, SubscriptionRefusedError } from "../../../errors/errors.ts";
import type { NamedSubscription } from "../../../messaging/port/messaging-session.ts";
import { describeCondition, isRetryable } from "../opening/failures.ts";
import type { SessionDeps } from "../opening/session-deps.ts";
import { checkNamed, linkNameOf, SHARED_CAPABILITIES } from "./source.ts";

export class Unsubscriptions {
  readonly #context: SessionDeps;
  readonly #pending = new Set<(error: MasterSlaveError) => void>();
  #ended: MasterSlaveError | undefined;

  constructor(context: SessionDeps) {
    this.#context = context;
  }

  /** Resolves when the broker has closed it. Rejects as described for MessagingSession.unsubscribe. */
  async unsubscribe(subscription: NamedSubscription): Promise<void> {
    if (this.#ended) throw this.#ended;
    checkNamed(subscription, this.#context);
    const amqpSession = this.#context.connection.create_session();
    let fail: (error: MasterSlaveError) => void = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        fail = reject;
        this.#pending.add(fail);
        this.#context.guard(() => this.#attach(amqpSession, subscription, resolve, reject))();
      });
    } finally {
      this.#pending.delete(fail);
    }
  }

  end(error: MasterSlaveError): void {
    this.#ended = error;
    for (const fail of this.#pending) fail(error);
    this.#pending.clear();
  }

  #attach(
    amqpSession: Session,
    subscription: NamedSubscription,
    resolve: () => void,
    reject: (error: MasterSlaveError) => void,
  ): void {
    const { guard } = this.#context;
    amqpSession.begin();
    // Without a source the broker finds the link by its name.
    const receiver: Receiver = amqpSession.attach_receiver({
      name: linkNameOf(subscription),
      credit_window: 0,
      ...(subscription.shared && { desired_capabilities: [...SHARED_CAPABILITIES] }),
    });
    let closing = false;
    const end = (error: AmqpError | Error | undefined) => {
      amqpSession.close();
      if (closing && !error) resolve();
      else reject(this.#refused(subscription, error));
    };
    receiver.on(
      "receiver_open",
      guard(() => {
        // A refusal has no source either; its detach follows (AMQP 1.0, 2.6.3).
        if (!receiver.source?.address) return;
        closing = true;
        receiver.close();
      }),
    );
    receiver.on(
      "receiver_close",
      guard(() => end(receiver.error)),
    );
    amqpSession.on(
      "session_close",
      guard(() => end(amqpSession.error)),
    );
  }

  #refused({ name }: NamedSubscription, error: AmqpError | Error | undefined): MasterSlaveError {
    const { endpoint, redact } = this.#context;
    const { condition, description } = error && "condition" in error ? error : {};
    const reason = describeCondition({ condition, description }, redact);
    const text = `${formatAddress(endpoint)} did not delete the subscription ${name}: ${reason}`;
    return new SubscriptionRefusedError(text, { endpoint, retryable: isRetryable(condition) });
  }
}
