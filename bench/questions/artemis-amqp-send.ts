/** How fast are confirmed sends over AMQP on Artemis, window 1000? */
import type { Question } from "../runner/question.ts";

export const artemisAmqpSend: Question = {
  name: "artemis-amqp-send",
  asks: "How fast are confirmed sends over AMQP on Artemis, window 1000?",
  protocol: "amqp",
  product: "artemis",

  work: { kind: "send", bodyBytes: 1024, window: 1000 },
  peers: ["ours-amqp", "rhea", "rhea-ids", "rhea-promise", "bare-amqp", "bare-amqp-ids", "qpid-jms"],
  figure: "rate",
  goals: [
    { peer: "rhea", least: 1 },
    { peer: "rhea-ids", least: 1.15 },
    { peer: "qpid-jms", least: 2 },
  ],
};
