/** How long does one confirmed send take over AMQP on Classic, window 1? */
import type { Question } from "../runner/question.ts";

export const classicAmqpLatency: Question = {
  name: "classic-amqp-latency",
  asks: "How long does one confirmed send take over AMQP on Classic, window 1?",
  protocol: "amqp",
  product: "classic",

  work: { kind: "send", bodyBytes: 1024 },
  peers: ["ours-amqp", "rhea", "bare-amqp"],
  figure: "latency",
  goals: [{ peer: "bare-amqp", most: 1.05 }],
};
