/** The questions in the order in which they are run and shown. */
import type { Question } from "../runner/question.ts";
import { artemisAmqpBoth } from "./artemis-amqp-both.ts";
import { artemisAmqpLatency } from "./artemis-amqp-latency.ts";
import { artemisAmqpReceive } from "./artemis-amqp-receive.ts";
import { artemisAmqpRequest } from "./artemis-amqp-request.ts";
import { artemisAmqpSend } from "./artemis-amqp-send.ts";
import { artemisStompLatency } from "./artemis-stomp-latency.ts";
import { artemisStompReceive } from "./artemis-stomp-receive.ts";
import { artemisStompSend } from "./artemis-stomp-send.ts";
import { classicAmqpLatency } from "./classic-amqp-latency.ts";
import { classicAmqpReceive } from "./classic-amqp-receive.ts";
import { classicStompBoth } from "./classic-stomp-both.ts";
import { classicStompLatency } from "./classic-stomp-latency.ts";
import { classicStompReceive } from "./classic-stomp-receive.ts";
import { classicStompRequest } from "./classic-stomp-request.ts";
import { classicStompSend } from "./classic-stomp-send.ts";
import { nullAmqpSend } from "./null-amqp-send.ts";
import { nullStompSend } from "./null-stomp-send.ts";

export const QUESTIONS: readonly Question[] = [
  classicStompSend,
  artemisStompSend,
  artemisAmqpSend,
  classicStompReceive,
  classicAmqpReceive,
  classicStompLatency,
  classicAmqpLatency,
  artemisStompReceive,
  artemisAmqpReceive,
  artemisStompLatency,
  artemisAmqpLatency,
  nullStompSend,
  nullAmqpSend,
  classicStompRequest,
  classicStompBoth,
  artemisAmqpRequest,
  artemisAmqpBoth,
];
