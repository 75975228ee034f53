/** How long does one request take until its reply is there, over STOMP on Classic? */
import type { Question } from "../runner/question.ts";

export const classicStompRequest: Question = {
  name: "classic-stomp-request",
  asks: "How long does one request take until its reply is there, over STOMP on Classic?",
  protocol: "stomp",
  product: "classic",
  work: { kind: "request", bodyBytes: 1024 },
  peers: ["ours-stomp", "stompit"],
  figure: "latency",
  goals: [],
};
