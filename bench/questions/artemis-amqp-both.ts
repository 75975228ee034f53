/** How many messages a second does one connection send, receive and accept at once, over AMQP on Artemis, window 100? */
import type { Question } from "../runner/question.ts";

export const artemisAmqpBoth: Question = {
  name: "artemis-amqp-both",
  asks: "How many messages a second does one connection send, receive and accept at once, over AMQP on Artemis, window 100?",
  protocol: "amqp",
  product: "artemis",
  work: { kind: "both", bodyBytes: 1024, window: 100 },
  peers: ["ours-amqp", "rhea"],
  figure: "rate",
  goals: [],
};
