/** What does a confirmed send over STOMP cost the client, at a null server? */
import type { Question } from "../runner/question.ts";

export const nullStompSend: Question = {
  name: "null-stomp-send",
  asks: "What does a confirmed send over STOMP cost the client, at a null server?",
  protocol: "stomp",
  product: "artemis",
  nullServer: true,
  work: { kind: "send", bodyBytes: 1024, window: 1000 },
  peers: ["ours-stomp", "stompit", "stompjs", "bare-stomp"],
  figure: "cpu",
  goals: [{ peer: "stompit", most: 0.5 }],
};
