/** How fast are confirmed sends over STOMP on Artemis, window 1000? */
import type { Question } from "../runner/question.ts";

export const artemisStompSend: Question = {
  name: "artemis-stomp-send",
  asks: "How fast are confirmed sends over STOMP on Artemis, window 1000?",
  protocol: "stomp",
  product: "artemis",

  work: { kind: "send", bodyBytes: 1024, window: 1000 },
  peers: ["ours-stomp", "stompit", "stompit-ids", "stompjs", "bare-stomp", "bare-stomp-ids"],
  figure: "rate",
  goals: [
    { peer: "stompit", least: 1.5 },
    { peer: "bare-stomp", least: 0.75 },
  ],
};
