/** How fast are messages received over AMQP on Artemis, accepted one by one? */
import type { Question } from "../runner/question.ts";

export const artemisAmqpReceive: Question = {
  name: "artemis-amqp-receive",
  asks: "How fast are messages received over AMQP on Artemis, accepted one by one?",
  protocol: "amqp",
  product: "artemis",

  work: { kind: "receive", bodyBytes: 1024, prefetch: 100 },
  peers: ["ours-amqp", "rhea", "bare-amqp", "qpid-jms"],
  figure: "rate",
  goals: [{ peer: "rhea", least: 1.1 }],
};
