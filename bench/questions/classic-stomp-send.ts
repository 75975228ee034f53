/** How fast are confirmed sends over STOMP on Classic, window 1000? */
import type { Question } from "../runner/question.ts";

export const classicStompSend: Question = {
  name: "classic-stomp-send",
  asks: "How fast are confirmed sends over STOMP on Classic, window 1000?",
  protocol: "stomp",
  product: "classic",

  work: { kind: "send", bodyBytes: 1024, window: 1000 },
  peers: ["ours-stomp", "stompit", "stompjs", "bare-stomp", "bare-stomp-grouped", "activemq-java", "qpid-jms"],
  figure: "rate",
  goals: [
    { peer: "stompit", least: 4 },
    { peer: "activemq-java", least: 4 },
    { peer: "qpid-jms", least: 4 },
  ],
};
