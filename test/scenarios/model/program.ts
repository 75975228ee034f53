/** Random programs for the model: what two clients of a group do, and when its active member dies meanwhile. */
import fc from "fast-check";

export interface ConnectionPlan {
  readonly protocol: "stomp" | "amqp";
  readonly inDoubt: "resend" | "fail";
  /** 2 makes sends wait in line. */
  readonly maxPendingSends: number;
}

export type ConnectionIndex = 0 | 1;
/** Two queues, and a topic that each connection may have a durable subscription to. */
export type Place = "a" | "b" | "topic";
export type How = "accept" | "accept-confirmed" | "reject" | "release" | "fail-here" | "undeliverable";

/** Consumers and deliveries are named by their number, modulo how many there are: what is left of a shrunk program still runs. */
export type Step =
  | { readonly do: "send"; readonly by: ConnectionIndex; readonly to: Place; readonly count: number }
  | { readonly do: "send-abort"; readonly by: ConnectionIndex; readonly to: Place; readonly turns: number }
  | {
      readonly do: "consume";
      readonly by: ConnectionIndex;
      readonly from: Place;
      readonly prefetch: number;
      readonly deduplicate: boolean;
      /** How many it takes at once. */
      readonly take: number;
    }
  | {
      readonly do: "run";
      readonly by: ConnectionIndex;
      readonly from: Place;
      readonly transacted: boolean;
      readonly fails: boolean;
    }
  | { readonly do: "take"; readonly consumer: number; readonly count: number }
  | { readonly do: "settle"; readonly delivery: number; readonly how: How }
  | {
      readonly do: "transact";
      readonly by: ConnectionIndex;
      readonly sends: readonly Place[];
      readonly accepts: number;
      readonly turns: number;
      readonly throws: boolean;
      readonly retries: number;
    }
  | { readonly do: "pause" | "resume" | "close-consumer" | "drain-consumer"; readonly consumer: number }
  | { readonly do: "browse"; readonly by: ConnectionIndex; readonly from: "a" | "b" }
  | { readonly do: "close-connection"; readonly by: ConnectionIndex }
  /** `failover` is over when the next step begins; after `crash` and `stop` the next steps find nobody, or whoever took over. */
  | { readonly do: "failover" | "crash" | "stop" }
  /** Until everything that was sent has its outcome. */
  | { readonly do: "calm" }
  | { readonly do: "wait"; readonly turns: number };

export interface Program {
  readonly connections: readonly [ConnectionPlan, ConnectionPlan];
  /** As Artemis; without it what is resent may be stored twice, as on Classic. */
  readonly duplicateDetection: boolean;
  readonly steps: readonly Step[];
}

const by = fc.constantFrom<ConnectionIndex>(0, 0, 1);
const place = fc.constantFrom<Place>("a", "a", "a", "a", "topic", "topic", "b");
const number = fc.nat(3);
const turns = fc.constantFrom(0, 1, 3, 10);

const arbitrary = {
  send: fc.record({ do: fc.constant("send" as const), by, to: place, count: fc.integer({ min: 1, max: 3 }) }),
  sendAbort: fc.record({ do: fc.constant("send-abort" as const), by, to: place, turns }),
  consume: fc.record({
    do: fc.constant("consume" as const),
    by,
    from: place,
    prefetch: fc.constantFrom(100, 1, 2),
    deduplicate: fc.boolean(),
    take: fc.nat(4),
  }),
  run: fc.record({
    do: fc.constant("run" as const),
    by,
    from: place,
    transacted: fc.boolean(),
    fails: fc.boolean(),
  }),
  take: fc.record({ do: fc.constant("take" as const), consumer: number, count: fc.integer({ min: 1, max: 3 }) }),
  settle: fc.record({
    do: fc.constant("settle" as const),
    delivery: number,
    how: fc.constantFrom<How>(
      "accept",
      "accept",
      "accept-confirmed",
      "reject",
      "release",
      "fail-here",
      "undeliverable",
    ),
  }),
  transact: fc.record({
    do: fc.constant("transact" as const),
    by,
    sends: fc.array(place, { maxLength: 2 }),
    accepts: fc.nat(2),
    turns,
    throws: fc.constantFrom(false, false, true),
    retries: fc.nat(1),
  }),
  consumer: fc.record({
    do: fc.constantFrom<"pause" | "resume" | "close-consumer" | "drain-consumer">(
      "close-consumer",
      "drain-consumer",
      "pause",
      "resume",
    ),
    consumer: number,
  }),
  browse: fc.record({ do: fc.constant("browse" as const), by, from: fc.constantFrom<"a" | "b">("a", "b") }),
  close: fc.record({ do: fc.constant("close-connection" as const), by }),
  calm: fc.record({ do: fc.constant("calm" as const) }),
  end: fc.record({ do: fc.constantFrom<"failover" | "crash" | "stop">("failover", "crash", "stop") }),
  wait: fc.record({ do: fc.constant("wait" as const), turns: fc.constantFrom(1, 3, 10, 30) }),
};

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: arbitrary.send },
  { weight: 1, arbitrary: arbitrary.sendAbort },
  { weight: 6, arbitrary: arbitrary.consume },
  { weight: 2, arbitrary: arbitrary.run },
  { weight: 5, arbitrary: arbitrary.take },
  { weight: 9, arbitrary: arbitrary.settle },
  { weight: 4, arbitrary: arbitrary.transact },
  { weight: 2, arbitrary: arbitrary.consumer },
  { weight: 1, arbitrary: arbitrary.browse },
  { weight: 1, arbitrary: arbitrary.close },
  { weight: 3, arbitrary: arbitrary.calm },
  { weight: 3, arbitrary: arbitrary.end },
  { weight: 6, arbitrary: arbitrary.wait },
);

const plan: fc.Arbitrary<ConnectionPlan> = fc.record({
  protocol: fc.constantFrom<"stomp" | "amqp">("stomp", "amqp"),
  inDoubt: fc.constantFrom<"resend" | "fail">("resend", "resend", "fail"),
  maxPendingSends: fc.constantFrom(10_000, 10_000, 2),
});

const consume = { do: "consume", by: 0, from: "a", prefetch: 100, deduplicate: false, take: 3 } as const;
const send = { do: "send", by: 0, to: "a", count: 3 } as const;
/** Most random beginnings come to nothing. */
const openings: readonly (readonly Step[])[] = [
  [],
  [consume, send, { do: "wait", turns: 10 }],
  [consume, { ...send, by: 1 }, { do: "wait", turns: 30 }, { do: "wait", turns: 30 }],
  [{ ...consume, from: "topic" }, { do: "calm" }, { do: "wait", turns: 30 }, { ...send, to: "topic" }, { do: "calm" }],
  [send, { do: "calm" }, { ...consume, deduplicate: true }, { ...consume, by: 1, prefetch: 1, take: 1 }],
];

export const program: fc.Arbitrary<Program> = fc
  .record({
    connections: fc.tuple(plan, plan),
    duplicateDetection: fc.boolean(),
    opening: fc.constantFrom(...openings),
    steps: fc.array(step, { minLength: 1, maxLength: 20, size: "max" }),
  })
  .map(({ opening, steps, ...one }) => ({ ...one, steps: [...opening, ...steps] }));

/** One step a line, to be read. */
export function formatProgram({ connections, duplicateDetection, steps }: Program): string {
  const plans = connections.map((one) => JSON.stringify(one)).join(" and ");
  const lines = steps.map((one, index) => `  ${index + 1}. ${JSON.stringify(one)}`);
  return [`${plans}; duplicateDetection: ${duplicateDetection}`, ...lines].join("\n");
}
