import { setImmediate as nextTurn } from "node:timers/promises";
import type { Delivery, EventContext, Message, Receiver } from "rhea";
import { describe, expect, it } from "vitest";
import {
  ConnectionClosedError,
  MessageTooLargeError,
  SendExpiredError,
  SendNotStoredError,
  SendRejectedError,
  UnsupportedError,
} from "../../../../../src/errors/errors.ts";
import type { SendOutcome } from "../../../../../src/messaging/port/messaging-session.ts";
import {
  brokerPeer,
  echoTermini,
  openOn,
  type RecordedSend,
  type RheaPeer,
  recordedSend,
  rheaPeer,
  until,
} from "../scripted-peer.ts";

/** A broker that grants no credit by itself and settles nothing by itself. */
async function manualBroker(): Promise<RheaPeer & { readonly links: Receiver[]; readonly received: EventContext[] }> {
  const peer = await rheaPeer({
    properties: { product: "ActiveMQ" },
    receiver_options: { credit_window: 0, autoaccept: false },
  });
  const links: Receiver[] = [];
  const received: EventContext[] = [];
  peer.container.on("receiver_open", ({ receiver }: EventContext) => {
    if (receiver === undefined) return;
    echoTermini(receiver);
    links.push(receiver);
  });
  peer.container.on("message", (context: EventContext) => received.push(context));
  return Object.assign(peer, { links, received });
}

function bodies(received: readonly EventContext[]): unknown[] {
  return received.map(({ message }) => message?.body);
}

function delivery(received: readonly EventContext[], index: number): Delivery {
  const found = received[index]?.delivery;
  if (!found) throw new Error(`nothing was received at ${index}`);
  return found;
}

async function failure(send: RecordedSend): Promise<Error> {
  const outcome: SendOutcome = await send.outcome;
  if (outcome.kind === "confirmed") throw new Error("the send was confirmed");
  return outcome.error;
}

describe("AMQP sends", () => {
  it("confirms what the broker accepted, and is useful from then on", async () => {
    const peer = await brokerPeer("ActiveMQ");
    const messages: Message[] = [];
    peer.container.on("message", ({ message }) => messages.push(message));
    const session = await openOn(peer);
    const send = recordedSend("queue://orders", "hello", { id: "m-1", properties: { n: 1 } });
    session.send(send);
    expect(await send.outcome).toEqual({ kind: "confirmed" });
    expect(send.written).toBe(true);
    expect(session.useful).toBe(true);
    expect(messages[0]).toMatchObject({
      body: "hello",
      durable: true,
      to: "queue://orders",
      application_properties: { n: 1, _AMQ_DUPL_ID: "m-1" },
    });
  });

  it("waits for credit, and then writes in the order of the calls", async () => {
    const peer = await manualBroker();
    const session = await openOn(peer);
    const sends = ["a", "b", "c"].map((body) => recordedSend("queue://q", body));
    for (const send of sends) session.send(send);
    await until(() => peer.links.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sends.map(({ written }) => written)).toEqual([false, false, false]);
    peer.links[0]?.add_credit(2);
    await until(() => peer.received.length === 2);
    expect(bodies(peer.received)).toEqual(["a", "b"]);
    expect(sends.map(({ written }) => written)).toEqual([true, true, false]);
    peer.links[0]?.add_credit(1);
    await until(() => peer.received.length === 3);
    expect(bodies(peer.received)).toEqual(["a", "b", "c"]);
  });

  it("carries five thousand pending sends through a session that holds two thousand, in order", async () => {
    const peer = await brokerPeer("ActiveMQ", 100_000);
    const seen: unknown[] = [];
    peer.container.on("message", ({ message }) => seen.push(message.body));
    const session = await openOn(peer);
    const sends = Array.from({ length: 5000 }, (_, index) => recordedSend("queue://q", `${index}`));
    for (const send of sends) session.send(send);
    const outcomes = await Promise.all(sends.map(({ outcome }) => outcome));
    expect(outcomes.every(({ kind }) => kind === "confirmed")).toBe(true);
    expect(seen).toEqual(sends.map((_, index) => `${index}`));
  });

  it("stops at two thousand unconfirmed sends, and goes on when the oldest are confirmed", async () => {
    const peer = await manualBroker();
    const session = await openOn(peer);
    const sends = Array.from({ length: 2500 }, (_, index) => recordedSend("queue://q", `${index}`));
    for (const send of sends) session.send(send);
    await until(() => peer.links.length === 1);
    peer.links[0]?.add_credit(10_000);
    await until(() => peer.received.length >= 2000);
    expect(sends.filter(({ written }) => written).length).toBe(2000);
    for (const { delivery } of peer.received.slice(0, 600)) delivery?.accept();
    await until(() => peer.received.length === 2500);
    expect(bodies(peer.received)).toEqual(sends.map((_, index) => `${index}`));
  });

  it("goes on past a send that is confirmed long after its successors", async () => {
    const peer = await manualBroker();
    let first: Delivery | undefined;
    peer.container.on("message", ({ delivery }) => {
      if (first) delivery.accept();
      else first = delivery;
    });
    const session = await openOn(peer);
    const sends = Array.from({ length: 4000 }, (_, index) => recordedSend("queue://q", `${index}`));
    for (const send of sends) session.send(send);
    await until(() => peer.links.length === 1);
    peer.links[0]?.add_credit(10_000);
    await until(() => peer.received.length >= 2000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    first?.accept();
    const outcomes = await Promise.all(sends.map(({ outcome }) => outcome));
    expect(outcomes.every(({ kind }) => kind === "confirmed")).toBe(true);
  });

  it("does not let a destination without credit delay another", async () => {
    const peer = await manualBroker();
    const session = await openOn(peer);
    const held = recordedSend("queue://full", "held");
    const free = recordedSend("queue://free", "free");
    session.send(held);
    session.send(free);
    await until(() => peer.links.length === 2);
    peer.links.find((link) => link.target.address === "queue://free")?.add_credit(10);
    await until(() => peer.received.length === 1);
    delivery(peer.received, 0).accept();
    expect(await free.outcome).toEqual({ kind: "confirmed" });
    expect(held.written).toBe(false);
  });

  it("drops a send that was abandoned before it could be written", async () => {
    const peer = await manualBroker();
    const session = await openOn(peer);
    const sends = ["a", "b", "c"].map((body) => recordedSend("queue://q", body));
    for (const send of sends) session.send(send);
    await until(() => peer.links.length === 1);
    const [, abandoned] = sends;
    if (abandoned) abandoned.abandoned = true;
    peer.links[0]?.add_credit(10);
    await until(() => peer.received.length === 2);
    expect(bodies(peer.received)).toEqual(["a", "c"]);
    expect(abandoned?.written).toBe(false);
  });

  it("sweeps out what was abandoned while there is no credit, and keeps the order of the rest", async () => {
    const peer = await manualBroker();
    const session = await openOn(peer);
    const sends = Array.from({ length: 1100 }, (_, index) => recordedSend("queue://q", `${index}`));
    for (const send of sends) {
      session.send(send);
      send.abandoned = Number(send.message.body.toString()) < 1000;
    }
    await until(() => peer.links.length === 1);
    peer.links[0]?.add_credit(10_000);
    await until(() => peer.received.length === 100);
    expect(bodies(peer.received)).toEqual(Array.from({ length: 100 }, (_, index) => `${1000 + index}`));
  });

  it("tells each send its outcome", async () => {
    const peer = await manualBroker();
    const session = await openOn(peer);
    const sends = ["accepted", "rejected", "full", "released", "modified"].map((id) =>
      recordedSend("queue://q", "x", { id }),
    );
    for (const send of sends) session.send(send);
    await until(() => peer.links.length === 1);
    peer.links[0]?.add_credit(10);
    await until(() => peer.received.length === 5);
    // One a turn: rhea, as the broker here, would answer two neighbours alike.
    delivery(peer.received, 0).accept();
    await nextTurn();
    delivery(peer.received, 1).reject({ condition: "amqp:unauthorized-access", description: "not yours" });
    await nextTurn();
    delivery(peer.received, 2).reject({ condition: "amqp:resource-limit-exceeded" });
    await nextTurn();
    delivery(peer.received, 3).release();
    await nextTurn();
    delivery(peer.received, 4).modified({ delivery_failed: true });
    const [accepted, rejected, full, released, modified] = sends as [
      RecordedSend,
      RecordedSend,
      RecordedSend,
      RecordedSend,
      RecordedSend,
    ];
    expect(await accepted.outcome).toEqual({ kind: "confirmed" });
    const refusal = await failure(rejected);
    expect(refusal).toBeInstanceOf(SendRejectedError);
    expect(refusal).toMatchObject({ id: "rejected", retryable: false, inDoubt: false });
    expect(refusal.message).toContain("amqp:unauthorized-access: not yours");
    expect(await failure(full)).toMatchObject({ code: "SEND_REJECTED", retryable: true });
    expect(await failure(released)).toBeInstanceOf(SendNotStoredError);
    expect(await failure(modified)).toMatchObject({ code: "SEND_NOT_STORED", id: "modified", retryable: true });
  });

  it("fails the sends of a refused link, keeps the session, and attaches anew for the next send", async () => {
    const peer = await brokerPeer("ActiveMQ", 0);
    let refuse = true;
    peer.container.on("receiver_open", ({ receiver }: EventContext) => {
      if (refuse) receiver?.close({ condition: "amqp:unauthorized-access", description: "not yours" });
      else receiver?.add_credit(10);
    });
    const session = await openOn(peer);
    const sends = ["a", "b"].map((body) => recordedSend("queue://q", body));
    for (const send of sends) session.send(send);
    for (const send of sends) {
      const error = await failure(send);
      expect(error).toBeInstanceOf(SendRejectedError);
      expect(error).toMatchObject({ id: send.message.id, inDoubt: false, retryable: false });
      expect(error.message).toContain("amqp:unauthorized-access: not yours");
    }
    refuse = false;
    const next = recordedSend("queue://q", "c");
    session.send(next);
    expect(await next.outcome).toEqual({ kind: "confirmed" });
  });

  it("tells that an unconfirmed send is in doubt when the broker ends its link", async () => {
    const peer = await manualBroker();
    const session = await openOn(peer);
    const send = recordedSend("queue://q", "x");
    session.send(send);
    await until(() => peer.links.length === 1);
    peer.links[0]?.add_credit(10);
    await until(() => peer.received.length === 1);
    peer.links[0]?.close({ condition: "amqp:resource-deleted" });
    expect(await failure(send)).toMatchObject({ code: "SEND_REJECTED", inDoubt: true, retryable: true });
  });

  it("fails the sends of a link whose AMQP session the broker ends", async () => {
    const peer = await manualBroker();
    const session = await openOn(peer);
    const send = recordedSend("queue://q", "x");
    session.send(send);
    await until(() => peer.links.length === 1);
    peer.links[0]?.session.close({ condition: "amqp:internal-error", description: "oops" });
    expect(await failure(send)).toMatchObject({ code: "SEND_REJECTED", retryable: true });
    const other = recordedSend("queue://other", "x");
    session.send(other);
    await until(() => peer.links.length === 2);
    peer.links[1]?.add_credit(1);
    await until(() => peer.received.length === 1);
    delivery(peer.received, 0).accept();
    expect(await other.outcome).toEqual({ kind: "confirmed" });
  });

  it("does not write a message larger than the link takes", async () => {
    const peer = await manualBroker();
    peer.container.options["receiver_options"] = undefined;
    const limited = await rheaPeer({
      properties: { product: "ActiveMQ" },
      receiver_options: { credit_window: 100, max_message_size: 1000 },
    });
    const session = await openOn(limited);
    const [small, large] = [recordedSend("queue://q", "x"), recordedSend("queue://q", "x".repeat(2000))];
    session.send(large);
    session.send(small);
    expect(await failure(large)).toBeInstanceOf(MessageTooLargeError);
    expect(large.written).toBe(false);
    expect(await small.outcome).toEqual({ kind: "confirmed" });
  });

  it("fails a send that expired while it waited for credit", async () => {
    const peer = await manualBroker();
    const session = await openOn(peer);
    const send = recordedSend("queue://q", "x", { ttlMs: 10 });
    session.send(send);
    await until(() => peer.links.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    peer.links[0]?.add_credit(1);
    expect(await failure(send)).toBeInstanceOf(SendExpiredError);
    expect(peer.received).toEqual([]);
  });

  it("sends again from the same bytes, with what is left of the time to live", async () => {
    const first = await manualBroker();
    const second = await brokerPeer("ActiveMQ");
    const messages: Message[] = [];
    first.container.on("message", ({ message }) => messages.push(message));
    second.container.on("message", ({ message }) => messages.push(message));
    const send = recordedSend("queue://q", "x", { ttlMs: 60_000 });
    const session = await openOn(first);
    session.send(send);
    await until(() => first.links.length === 1);
    first.links[0]?.add_credit(1);
    await until(() => messages.length === 1);
    const { encoded } = send;
    session.destroy(new ConnectionClosedError("over"));
    await new Promise((resolve) => setTimeout(resolve, 30));
    (await openOn(second)).send(send);
    expect(await send.outcome).toEqual({ kind: "confirmed" });
    expect(send.encoded).toBe(encoded);
    const [before, after] = messages as [Message, Message];
    expect(after.message_id).toBe(before.message_id);
    expect([before.absolute_expiry_time, after.absolute_expiry_time]).toEqual([undefined, undefined]);
    expect(after.ttl).toBeLessThan(before.ttl as number);
    expect(after.ttl).toBeGreaterThan(0);
  });

  it("spells the destinations anew for a broker of the other kind", async () => {
    const classic = await manualBroker();
    const artemis = await brokerPeer("apache-activemq-artemis");
    const messages: Message[] = [];
    artemis.container.on("message", ({ message }) => messages.push(message));
    const send = recordedSend("queue://q", "x", { replyTo: "topic://answers" });
    const session = await openOn(classic);
    session.send(send);
    await until(() => classic.links.length === 1);
    classic.links[0]?.add_credit(1);
    await until(() => classic.received.length === 1);
    expect(classic.received[0]?.message).toMatchObject({ to: "queue://q", reply_to: "topic://answers" });
    session.destroy(new ConnectionClosedError("over"));
    // In doubt by then: it needs no transaction.
    send.inDoubt = true;
    (await openOn(artemis)).send(send);
    await send.outcome;
    expect(messages[0]).toMatchObject({ to: "q", reply_to: "answers" });
  });

  it("keeps sixty-four idle links at most, and closes the one that was used least recently", async () => {
    const peer = await brokerPeer("ActiveMQ");
    const open = new Set<string>();
    peer.container.on("receiver_open", ({ receiver }) => open.add(receiver.target.address));
    peer.container.on("receiver_close", ({ receiver }) => open.delete(receiver.target.address));
    const session = await openOn(peer);
    const sendTo = async (name: string) => {
      const send = recordedSend(`queue://${name}`, "x");
      session.send(send);
      expect(await send.outcome).toEqual({ kind: "confirmed" });
    };
    for (let index = 0; index < 64; index++) await sendTo(`q${index}`);
    await sendTo("q0");
    await sendTo("another");
    await until(() => open.size === 64);
    expect(open.has("queue://q0")).toBe(true);
    expect(open.has("queue://q1")).toBe(false);
    await sendTo("q1");
  });

  it("gives up its credit when the broker asks for it, and sends on with new credit", async () => {
    const peer = await manualBroker();
    const session = await openOn(peer);
    session.send(recordedSend("queue://q", "a"));
    await until(() => peer.links.length === 1);
    const [link] = peer.links;
    link?.add_credit(5);
    await until(() => peer.received.length === 1);
    const drained = new Promise((resolve) => peer.container.on("receiver_drained", resolve));
    link?.drain_credit();
    await drained;
    const late = recordedSend("queue://q", "b");
    session.send(late);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(late.written).toBe(false);
    if (link) link.drain = false;
    link?.add_credit(1);
    await until(() => peer.received.length === 2);
    expect(bodies(peer.received)).toEqual(["a", "b"]);
  });

  it("fails a delayed message where the broker does not offer to hold it back, and sends it where it does", async () => {
    const plain = await openOn(await brokerPeer("ActiveMQ"));
    const refused = recordedSend("queue://q", "x", { delayMs: 1000 });
    plain.send(refused);
    expect(await failure(refused)).toBeInstanceOf(UnsupportedError);
    expect(refused.written).toBe(false);
    const now = recordedSend("queue://q", "x");
    plain.send(now);
    expect(await now.outcome).toEqual({ kind: "confirmed" });
    const offering = await brokerPeer("ActiveMQ", 1000, {
      offered_capabilities: ["ANONYMOUS-RELAY", "DELAYED_DELIVERY"],
    });
    const messages: Message[] = [];
    offering.container.on("message", ({ message }) => messages.push(message));
    const later = recordedSend("queue://q", "x", { delayMs: 1000 });
    (await openOn(offering)).send(later);
    expect(await later.outcome).toEqual({ kind: "confirmed" });
    const { "x-opt-delivery-delay": delayMs } = messages[0]?.message_annotations ?? {};
    expect(delayMs).toBeGreaterThan(0);
    expect(delayMs).toBeLessThanOrEqual(1000);
  });

  it("reads a single offered capability as well", async () => {
    const peer = await brokerPeer("ActiveMQ", 1000, { offered_capabilities: "DELAYED_DELIVERY" });
    const later = recordedSend("queue://q", "x", { delayMs: 1000 });
    (await openOn(peer)).send(later);
    expect(await later.outcome).toEqual({ kind: "confirmed" });
  });

  it("refuses a list of destinations where it would be taken for a name, and sends it to Classic as one", async () => {
    const artemis = await openOn(await brokerPeer("apache-activemq-artemis"));
    const refused = recordedSend("queue://a,b", "x");
    artemis.send(refused);
    expect(await failure(refused)).toBeInstanceOf(UnsupportedError);
    const peer = await brokerPeer("ActiveMQ");
    const targets: unknown[] = [];
    peer.container.on("receiver_open", ({ receiver }: EventContext) => targets.push(receiver?.target.address));
    const all = recordedSend("queue://a,topic://b", "x");
    (await openOn(peer)).send(all);
    expect(await all.outcome).toEqual({ kind: "confirmed" });
    expect(targets).toEqual(["queue://a,topic://b"]);
  });
});
