/** How long does one request take until its reply is there, over AMQP on Artemis? */
import type { Question } from "../runner/question.ts";

export const artemisAmqpRequest: Question = {
  name: "artemis-amqp-request",
  asks: "How long does one request take until its reply is there, over AMQP on Artemis?",
  protocol: "amqp",
  product: "artemis",
  work: { kind: "request", bodyBytes: 1024 },
  peers: ["ours-amqp", "rhea"],
  figure: "latency",
  goals: [],
};
