/** Artemis as the tests of sends in transactions need it: answers that can be held back, and the links it receives on. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Delivery, EventContext, Receiver, Typed } from "rhea";
import { expect } from "vitest";
import type { MessageBody, MessageOptions } from "../../../../src/messaging/messages/outgoing-message.ts";
import type { MessagingSession, SendOutcome } from "../../../../src/messaging/port/messaging-session.ts";
import { accepted, type CoordinatorPeer, coordinatorPeer, within } from "./coordinator-peer.ts";
import { openOn, type RecordedSend, recordedSend, until } from "./scripted-peer.ts";

export interface ArtemisPeer extends CoordinatorPeer {
  /** The links that messages come on, the oldest first. */
  readonly receivers: Receiver[];
}

/** A request that the test answers. */
export interface HeldRequest {
  readonly delivery: Delivery;
  /** undefined for a request of a coordinator link, and for a send outside of transactions. */
  readonly txnId: Buffer | undefined;
  readonly body: unknown;
  accept(): void;
  answer(outcome: Typed): void;
}

export interface TrackedSend extends RecordedSend {
  /** Every outcome that the send was told, of which there may be one at most. */
  readonly outcomes: SendOutcome[];
}

/** `credit`: what a link gets once that messages come on; `coordinatorCredit`: what a coordinator link gets. */
export async function artemisPeer(
  options: object = {},
  credit = 1000,
  coordinatorCredit = 10_000,
): Promise<ArtemisPeer> {
  const peer = await coordinatorPeer("apache-activemq-artemis", {
    receiver_options: { credit_window: 0, autoaccept: false },
    ...options,
  });
  const receivers: Receiver[] = [];
  peer.container.on("receiver_open", ({ receiver }: EventContext) => {
    if (!receiver) return;
    const isCoordinator = peer.coordinators.includes(receiver);
    receiver.add_credit(isCoordinator ? coordinatorCredit : credit);
    if (!isCoordinator) receivers.push(receiver);
  });
  return Object.assign(peer, { receivers });
}

/** Opens a session that has sent one message in `tx-1` and has two transactions declared. The peer's log is empty then. */
export async function openWarm(peer: CoordinatorPeer): Promise<MessagingSession> {
  const session = await openOn(peer);
  await confirmed(sendOn(session, "warm"));
  // Two are declared at first, and one in place of the first that is discharged.
  await until(() => peer.log.filter((entry) => entry === "declare").length === 3);
  await settled();
  peer.log.length = 0;
  return session;
}

export function trackedSend(body: MessageBody, options: MessageOptions = {}, to = "queue://q"): TrackedSend {
  const send = recordedSend(to, body, options);
  const outcomes: SendOutcome[] = [];
  const { onOutcome } = send;
  send.onOutcome = (outcome) => {
    outcomes.push(outcome);
    onOutcome(outcome);
  };
  return Object.assign(send, { outcomes });
}

/** Sends on a session, or in a transaction. */
export function sendOn(
  session: Pick<MessagingSession, "send">,
  body: MessageBody,
  options: MessageOptions = {},
  to = "queue://q",
): TrackedSend {
  const send = trackedSend(body, options, to);
  session.send(send);
  return send;
}

/** Sends what an earlier session wrote and got no answer to: the broker may have it already. */
export function sendInDoubt(session: Pick<MessagingSession, "send">, body: MessageBody): TrackedSend {
  const send = trackedSend(body);
  send.inDoubt = true;
  session.send(send);
  return send;
}

export async function confirmed(...sends: readonly RecordedSend[]): Promise<void> {
  const outcomes = await Promise.all(sends.map(({ outcome }) => outcome));
  expect(outcomes).toEqual(sends.map(() => ({ kind: "confirmed" })));
}

/** Resolves with the error that the send failed with; rejects when it was confirmed. */
export async function failed(send: RecordedSend): Promise<unknown> {
  const outcome = await send.outcome;
  if (outcome.kind === "confirmed") throw new Error(`${send.message.body} was confirmed`);
  return outcome.error;
}

/** Waits long enough for a client that does something too early to be caught at it. No test passes because of a longer wait. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Keeps requests of one kind unanswered from now on. `release` accepts those, and has later ones answered as before. */
export function hold(peer: CoordinatorPeer, kind: "onDeclare" | "onSend" | "onDischarge") {
  const held: HeldRequest[] = [];
  // The three differ in their second argument, which is handed on as it came.
  const handlers = peer as Record<typeof kind, (delivery: Delivery, second: never, body: unknown) => void>;
  const original = handlers[kind];
  const keep = (delivery: Delivery, second: unknown, body?: unknown) => {
    const txnId = Buffer.isBuffer(second) ? second : undefined;
    held.push({
      delivery,
      txnId,
      body,
      accept: () => original(delivery, second as never, body),
      answer: (outcome) => delivery.update(true, txnId ? within(txnId, outcome) : outcome),
    });
  };
  handlers[kind] = keep;
  return Object.assign(held, {
    release() {
      handlers[kind] = original;
      for (const request of held.splice(0)) request.accept();
    },
  });
}

/**
 * Answers each send and each discharge in a turn of its own, in the order in which they came: rhea, which plays the broker,
 * gives two neighbours the same outcome. A request is accepted when `outcomeOf` returns undefined for it.
 */
export function answerInTurns(
  peer: CoordinatorPeer,
  outcomeOf: (what: { readonly body?: unknown; readonly discharge?: number }) => Typed | undefined,
): void {
  let last = Promise.resolve();
  let discharges = 0;
  const inTurn = (act: () => void) => {
    last = last.then(() => nextTurn()).then(act);
  };
  peer.onSend = (delivery, txnId, body) =>
    inTurn(() => {
      const outcome = outcomeOf({ body }) ?? accepted();
      delivery.update(true, txnId ? within(txnId, outcome) : outcome);
    });
  peer.onDischarge = (delivery) => {
    discharges += 1;
    const discharge = discharges;
    inTurn(() => delivery.update(true, outcomeOf({ discharge }) ?? accepted()));
  };
}

/** Returns the peer's log without the declares. */
export function asked({ log }: CoordinatorPeer): string[] {
  return log.filter((entry) => entry !== "declare");
}

/** Answers declares and discharges a turn later, and counts the most requests that one coordinator link had unanswered. */
export function mostOutstanding(peer: CoordinatorPeer): { readonly most: number } {
  const outstanding = new Map<Receiver, number>();
  const state = { most: 0 };
  const count = (coordinator: Receiver, change: number) => {
    const now = (outstanding.get(coordinator) ?? 0) + change;
    outstanding.set(coordinator, now);
    state.most = Math.max(state.most, now);
  };
  const { onDeclare, onDischarge } = peer;
  const late = (answer: (delivery: Delivery, coordinator: Receiver) => void) => {
    return (delivery: Delivery, coordinator: Receiver) => {
      count(coordinator, 1);
      setImmediate(() => {
        count(coordinator, -1);
        answer(delivery, coordinator);
      });
    };
  };
  peer.onDeclare = late(onDeclare);
  peer.onDischarge = late(onDischarge);
  return state;
}
