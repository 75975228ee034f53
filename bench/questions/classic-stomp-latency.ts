/** How long does one confirmed send take over STOMP on Classic, window 1? */
import type { Question } from "../runner/question.ts";

export const classicStompLatency: Question = {
  name: "classic-stomp-latency",
  asks: "How long does one confirmed send take over STOMP on Classic, window 1?",
  protocol: "stomp",
  product: "classic",

  work: { kind: "send", bodyBytes: 1024 },
  peers: ["ours-stomp", "stompit", "stompit-nagle", "bare-stomp"],
  figure: "latency",
  goals: [{ peer: "bare-stomp", most: 1.05 }],
};
