/** How fast are messages received over STOMP on Artemis, accepted one by one? */
import type { Question } from "../runner/question.ts";

export const artemisStompReceive: Question = {
  name: "artemis-stomp-receive",
  asks: "How fast are messages received over STOMP on Artemis, accepted one by one?",
  protocol: "stomp",
  product: "artemis",

  work: { kind: "receive", bodyBytes: 1024, prefetch: 100 },
  peers: ["ours-stomp", "stompit", "stompjs", "bare-stomp"],
  figure: "rate",
  goals: [{ peer: "stompit", least: 1.5 }],
};
