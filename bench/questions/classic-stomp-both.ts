/** How many messages a second does one connection send, receive and accept at once, over STOMP on Classic, window 100? */
import type { Question } from "../runner/question.ts";

export const classicStompBoth: Question = {
  name: "classic-stomp-both",
  asks: "How many messages a second does one connection send, receive and accept at once, over STOMP on Classic, window 100?",
  protocol: "stomp",
  product: "classic",
  work: { kind: "both", bodyBytes: 1024, window: 100 },
  peers: ["ours-stomp", "stompit"],
  figure: "rate",
  goals: [],
};
