/** What does a confirmed send over AMQP cost the client, at a null server? */
import type { Question } from "../runner/question.ts";

export const nullAmqpSend: Question = {
  name: "null-amqp-send",
  asks: "What does a confirmed send over AMQP cost the client, at a null server?",
  protocol: "amqp",
  product: "artemis",
  nullServer: true,
  work: { kind: "send", bodyBytes: 1024, window: 1000 },
  peers: ["ours-amqp", "rhea", "rhea-promise", "bare-amqp"],
  figure: "cpu",
  goals: [{ peer: "rhea", most: 0.8 }],
};
