/** How fast are messages received over STOMP on Classic, accepted one by one? */
import type { Question } from "../runner/question.ts";

export const classicStompReceive: Question = {
  name: "classic-stomp-receive",
  asks: "How fast are messages received over STOMP on Classic, accepted one by one?",
  protocol: "stomp",
  product: "classic",

  work: { kind: "receive", bodyBytes: 1024, prefetch: 100 },
  peers: ["ours-stomp", "stompit", "stompjs", "bare-stomp"],
  figure: "rate",
  goals: [{ peer: "stompit", least: 1.5 }],
};
