/** Brokers and clients that break one promise each, for the model to find. */
import { connect, type SendOptions, type SendResult } from "../../../src/index.ts";
import { type Hands, honest } from "./hands.ts";

/** A member that has forgotten the first message of a queue when it takes over. */
export const forgetful: Hands = {
  ...honest,
  tookOver: async (group) => {
    const thief = await connect(group.uri("stomp"));
    try {
      const consumer = thief.consume("queue://a", { prefetch: 1 });
      const delivery = await consumer.receive({ timeoutMs: 20 });
      await delivery?.accept({ confirmed: true });
    } finally {
      await thief.close({ drainTimeoutMs: 1 });
    }
  },
};

/** A client that says that a message is confirmed when it has only been asked to send it. */
export const hasty: Hands = {
  ...honest,
  send: async (connection, destination, body, options) => {
    const id = options.id ?? body;
    connection.send(destination, body, { ...options, id }).catch(() => {});
    const endpoint = connection.endpoint ?? { scheme: "amqp", host: "127.0.0.1", port: 0 };
    return { id, endpoint, resent: false };
  },
};

/** A client that sends everything twice, each with an id of its own. */
export const doubling: Hands = {
  ...honest,
  send: async (connection, destination, body, options) => {
    const sent = await connection.send(destination, body, options);
    await connection.send(destination, body, options);
    return sent;
  },
};

/** A client whose accept() is written nowhere. */
export const mute: Hands = {
  ...honest,
  settle: async (delivery, how) => (how === "accept" ? "settled" : honest.settle(delivery, how)),
};

/** A client that accepts what was to be rejected. */
export const lenient: Hands = {
  ...honest,
  settle: (delivery, how) => honest.settle(delivery, how === "reject" ? "accept" : how),
};

/** A client that says "settled" of what is stale. */
export const boastful: Hands = {
  ...honest,
  settle: async (delivery, how) => {
    const result = await honest.settle(delivery, how);
    return how === "reject" ? "settled" : result;
  },
};

/** A client whose transactions are none: what is sent in them is sent at once. */
export const impatient: Hands = {
  ...honest,
  transact: (connection, work, retries) =>
    connection.transaction(
      (open) =>
        work({
          send: (destination, body, options) => connection.send(destination, body, options),
          accept: (delivery) => open.accept(delivery),
        }),
      { retries },
    ),
};

/** A client that loses the second send of a transaction. */
export const partial: Hands = {
  ...honest,
  transact: (connection, work, retries) => {
    let sends = 0;
    return connection.transaction(
      (open) =>
        work({
          send: (destination, body, options) =>
            ++sends === 2 ? Promise.resolve({ id: `lost ${body}` }) : open.send(destination, body, options),
          accept: (delivery) => open.accept(delivery),
        }),
      { retries },
    );
  },
};

/** A client that sends the second of two messages first. */
export function disorderly(): Hands {
  let held: (() => void) | undefined;
  return {
    ...honest,
    send: (connection, destination, body, options: SendOptions) => {
      const send = () => connection.send(destination, body, options);
      if (held) {
        const sent = send();
        held();
        held = undefined;
        return sent;
      }
      return new Promise<SendResult>((resolve, reject) => {
        const late = setTimeout(() => held?.(), 20);
        held = () => {
          clearTimeout(late);
          held = undefined;
          send().then(resolve, reject);
        };
      });
    },
  };
}

/** A client that never answers a release. */
export const silent: Hands = {
  ...honest,
  settle: (delivery, how) => (how === "release" ? new Promise(() => {}) : honest.settle(delivery, how)),
};
